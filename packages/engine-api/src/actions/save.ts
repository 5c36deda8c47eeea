import { PassThrough } from 'node:stream'

import type { HttpRequest, HttpResponse } from '@drayage/content'
import { tryParseReference } from '@drayage/reference'
import { inspectImage, listImages, saveImages, type Runtime } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isUnexpected } from '../failure.ts'
import { imageForPlatform } from '../image-for-platform.ts'

/**
 * `GET /images/{name}/get` and `GET /images/get?names=NAME...[&platform=P]`: a docker-archive, without a name where the
 * platform is not that of the image which the name selects. A failure after its first byte breaks
 * the connection off, so that a part is never taken for the whole; Docker Engine writes the error into the archive.
 */
export async function saveAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, query, events, request, onError } = exchange
  const asked = name === '' ? query.getAll('names').filter((each) => each !== '') : [name]
  if (asked.length === 0) throw new EngineRequestError(400, 'names: found none, expected at least one')
  const { signal } = request
  const names: string[] = []
  for (const each of asked) names.push(await imageForPlatform(exchange, each))
  const saved = await savedImages(runtime, names, { signal })
  const output = new PassThrough({ highWaterMark: 1_048_576 })
  // Whoever reads the body hears of a failure, and before there is a body the caller does.
  output.on('error', () => {})
  let isBegun = false
  const saving = saveImages(runtime, names, { output, ...(signal === undefined ? {} : { signal }) })
  saving.then(
    () => {
      for (const { Id, Labels } of saved) events.publish('save', Id, { ...Labels, name: Id })
    },
    (error: unknown) => {
      // Neither a client that has left nor one that hears of it by the status.
      if (isBegun && !output.destroyed && isUnexpected(error)) onError(error)
      output.destroy(error instanceof Error ? error : new Error(String(error)))
    },
  )
  await Promise.race([saving, firstByte(output)])
  isBegun = true
  return { status: 200, headers: { 'content-type': 'application/x-tar' }, body: output }
}

/** The images that names stand for, each once; a name without a tag stands for all tags. */
async function savedImages(
  runtime: Runtime,
  names: readonly string[],
  { signal }: Pick<HttpRequest, 'signal'>,
): Promise<Saved[]> {
  const saved = new Map<string, Saved>()
  for (const name of names) {
    const isName = tryParseReference(name).ok
    const listed = isName ? await listImages(runtime, { filters: [`reference=${name}`], signal }) : []
    const one = listed.length > 0 ? undefined : await inspectImage(runtime, name, { signal })
    const images = one === undefined ? listed : [{ Id: one.Id, Labels: one.Config?.Labels ?? null }]
    for (const { Id, Labels } of images) saved.set(Id, { Id, Labels })
  }
  return [...saved.values()]
}

interface Saved {
  readonly Id: string
  readonly Labels: Readonly<Record<string, string>> | null
}

async function firstByte(output: PassThrough): Promise<void> {
  await new Promise<void>((resolve) => output.once('readable', resolve))
}
