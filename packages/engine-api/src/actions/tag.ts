import type { HttpResponse } from '@drayage/content'
import { familiarReference, parseReference, withTag } from '@drayage/reference'
import { inspectImage, tagImage } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { textOf } from '../query.ts'
import { emptyResponse } from '../respond.ts'

/** `POST /images/{name}/tag?repo=REPOSITORY[&tag=TAG]` */
export async function tagAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, query, events, request } = exchange
  const { signal } = request
  const repository = textOf(query, 'repo')
  if (repository === undefined) throw new EngineRequestError(400, 'invalid reference format: found no repo')
  const tag = textOf(query, 'tag')
  const named = parseReference(repository)
  const target = familiarReference(tag === undefined ? named : withTag(named, tag))
  await tagImage(runtime, name, target, { signal })
  const { Id, Config } = await inspectImage(runtime, target, { signal })
  events.publish('tag', Id, { ...Config?.Labels, name: target })
  return emptyResponse(201)
}
