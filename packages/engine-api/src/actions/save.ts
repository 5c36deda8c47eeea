import { PassThrough } from 'node:stream'

import type { HttpResponse } from '@drayage/content'
import { saveImages } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'

/**
 * `GET /images/{name}/get` and `GET /images/get?names=NAME...`: a docker-archive. A failure after its first byte breaks
 * the connection off, so that a part is never taken for the whole; Docker Engine writes the error into the archive.
 */
export async function saveAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, query, events, request } = exchange
  const names = name === '' ? query.getAll('names').filter((each) => each !== '') : [name]
  if (names.length === 0) throw new EngineRequestError(400, 'names: found none, expected at least one')
  const { signal } = request
  const output = new PassThrough({ highWaterMark: 1_048_576 })
  // Whoever reads the body hears of a failure, and before there is a body the caller does.
  output.on('error', () => {})
  const saving = saveImages(runtime, names, { output, ...(signal === undefined ? {} : { signal }) })
  saving.then(
    () => {
      for (const each of names) events.publish('save', each, { name: each })
    },
    (error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  await Promise.race([saving, firstByte(output)])
  return { status: 200, headers: { 'content-type': 'application/x-tar' }, body: output }
}

async function firstByte(output: PassThrough): Promise<void> {
  await new Promise<void>((resolve) => output.once('readable', resolve))
}
