import { PassThrough } from 'node:stream'

import type { HttpRequest, HttpResponse } from '@drayage/content'
import { tryParseReference } from '@drayage/reference'
import { listImages, saveImages, type Runtime } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isUnexpected } from '../failures/failure.ts'
import { imageIdentity, type ImageIdentity } from '../images/image-events.ts'
import { onPlatform } from '../images/on-platform.ts'
import { queryPlatforms } from '../images/query-platform.ts'

/**
 * `GET /images/{name}/get` and `GET /images/get?names=NAME...[&platform=P...]`: a docker-archive with the index and all of
 * it that is here, or its images for the platforms. A failure after the first byte aborts the connection, so that an
 * incomplete archive is never taken for a complete one; Docker Engine writes the error into the archive.
 */
export async function saveAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, query, events, request, onError } = exchange
  const names = name === '' ? query.getAll('names').filter((each) => each !== '') : [name]
  if (names.length === 0) throw new EngineRequestError(400, 'names is required')
  const platforms = queryPlatforms(exchange, { key: 'platform', from: 48, severalFrom: 52 })
  const { signal } = request
  const saved = await savedImages(runtime, names, { signal })
  const output = new PassThrough({ highWaterMark: 1_048_576 })
  // A failure reaches the reader of the body, or the caller while there is no body yet.
  output.on('error', () => {})
  let isBegun = false
  const options = { output, ...(signal && { signal }), ...(platforms.length > 0 && { platforms }) }
  const [text = ''] = names
  const saving = onPlatform(text, platforms[0], () => saveImages(runtime, names, options))
  saving.then(
    () => {
      for (const { id, labels } of saved) events.publish('save', id, { ...labels, name: id })
    },
    (error: unknown) => {
      // Not when the client is gone or gets the error as a status.
      if (isBegun && !output.destroyed && isUnexpected(error)) onError(error)
      output.destroy(error instanceof Error ? error : new Error(String(error)))
    },
  )
  await Promise.race([saving, firstByte(output)])
  isBegun = true
  return { status: 200, headers: { 'content-type': 'application/x-tar' }, body: output }
}

/** The images that names select, each once; a name without a tag selects all tags. */
async function savedImages(
  runtime: Runtime,
  names: readonly string[],
  { signal }: Pick<HttpRequest, 'signal'>,
): Promise<ImageIdentity[]> {
  const saved = new Map<string, ImageIdentity>()
  for (const name of names) {
    const isName = tryParseReference(name).ok
    const listed = isName ? await listImages(runtime, { filters: [`reference=${name}`], signal }) : []
    const known = listed.map(({ Id, Labels }) => ({ id: Id, labels: Labels ?? {} }))
    for (const each of known.length > 0 ? known : [await imageIdentity(runtime, name, { signal })]) {
      saved.set(each.id, each)
    }
  }
  return [...saved.values()]
}

async function firstByte(output: PassThrough): Promise<void> {
  await new Promise<void>((resolve) => output.once('readable', resolve))
}
