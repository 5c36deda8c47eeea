import type { HttpResponse } from '@drayage/content'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { textOf } from '../query.ts'
import { importAction } from './import.ts'
import { pullAction } from './pull.ts'

/** `POST /images/create`: a pull or an import. */
export async function createAction(exchange: Exchange): Promise<HttpResponse> {
  if (textOf(exchange.query, 'fromImage') !== undefined) return await pullAction(exchange)
  if (textOf(exchange.query, 'fromSrc') !== undefined) return await importAction(exchange)
  throw new EngineRequestError(400, 'fromImage or fromSrc: found neither, expected one')
}
