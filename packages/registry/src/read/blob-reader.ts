import { ContentNotFoundError, type RangeOptions } from '@drayage/content'
import { LongContentError, ShortContentError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { expectStatus, type EndpointAnswer } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { contentPath, isManifestContent } from '../endpoints/repository-path.ts'
import { RegistryNotFoundError } from '../errors/answer-errors.ts'
import { RegistryProtocolError, RegistryTruncatedError } from '../errors/connection-errors.ts'
import { isRegistryError } from '../errors/is-registry-error.ts'
import { closeBody, discardBody, openBody, type BodyReader } from '../http/body.ts'
import { contentLength, isEncoded, isWebPage, parseContentRange } from '../http/headers.ts'
import { acceptManifest } from './fetch-manifest.ts'

/** Requests for content, which ask for the type of a manifest. */
export function contentRequest(
  { path }: RemoteRepository,
  what: Descriptor,
): { readonly path: string; readonly headers: Readonly<Record<string, string>> } {
  const headers = isManifestContent(what) ? { accept: acceptManifest(what.mediaType) } : {}
  return { path: path + contentPath(what), headers }
}

/**
 * Opens content from `offset` to its end, for reading exactly those bytes; the reader must be closed. A range that is
 * refused or wrong becomes a request for the whole whose start is skipped.
 *
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
 * @throws ShortContentError, LongContentError when the announced length is wrong
 */
export async function openBlob(
  remote: RemoteRepository,
  what: Descriptor,
  offset: number,
  options: Pick<RangeOptions, 'mustSeek' | 'signal'>,
): Promise<BodyReader> {
  const answer = offset === 0 ? undefined : await openRange(remote, what, offset, options)
  if (answer?.response.status === 206) return exactly(answer, what, firstByte(answer) ?? offset, offset)
  const whole = await checkWhole(answer ?? (await openWhole(remote, what, options)), what)
  const { endpoint } = remote
  if (offset > 0) endpoint.onEvent({ type: 'range-ignored', host: endpoint.host, skippedBytes: offset })
  return exactly(whole, what, 0, offset)
}

/** The range, or the whole where the registry ignores it; `undefined` when another request is needed. */
async function openRange(
  remote: RemoteRepository,
  what: Descriptor,
  offset: number,
  { mustSeek = false, signal }: Pick<RangeOptions, 'mustSeek' | 'signal'>,
): Promise<EndpointAnswer | undefined> {
  const { path, headers } = contentRequest(remote, what)
  const range = { ...headers, range: `bytes=${offset}-` }
  const answer = await remote.endpoint.send({ method: 'GET', path, headers: range, signal })
  const { response, body } = answer
  const { status } = response
  if (status === 206 && isWantedRange(answer, what.size, offset, mustSeek)) return answer
  if (mustSeek && (status === 200 || status === 206)) {
    await closeBody(response.body)
    throw new RegistryProtocolError(body.facts, `the answer starts elsewhere, expected the bytes from ${offset} on`)
  }
  if (status === 206) await closeBody(response.body)
  else if (status === 416) await discardBody(response)
  else return await orNotFound(expectStatus(answer, 200), what)
  return undefined
}

async function openWhole(
  remote: RemoteRepository,
  what: Descriptor,
  { signal }: Pick<RangeOptions, 'signal'>,
): Promise<EndpointAnswer> {
  const sent = await remote.endpoint.send({ method: 'GET', ...contentRequest(remote, what), signal })
  if (sent.response.status !== 206) return await orNotFound(expectStatus(sent, 200), what)
  await closeBody(sent.response.body)
  throw new RegistryProtocolError(sent.body.facts, 'the answer is a range, expected the whole content')
}

async function checkWhole(answer: EndpointAnswer, what: Descriptor): Promise<EndpointAnswer> {
  const { response, body } = answer
  const length = contentLength(response.headers)
  if (length === undefined || length === what.size) return answer
  await closeBody(response.body)
  if (isWebPage(response.headers)) throw new RegistryProtocolError(body.facts, 'the answer is a web page')
  throw length > what.size ? new LongContentError(what.size) : new ShortContentError(length, what.size)
}

function isWantedRange(
  { response: { headers } }: EndpointAnswer,
  size: number,
  offset: number,
  mustSeek: boolean,
): boolean {
  const range = parseContentRange(headers['content-range'] ?? '')
  const length = contentLength(headers)
  if (range === undefined || isEncoded(headers)) return false
  if (length !== undefined && length !== size - range.first) return false
  // What comes before the offset is skipped.
  const isReached = mustSeek ? range.first === offset : range.first <= offset
  return isReached && range.last === size - 1 && (range.total ?? size) === size
}

/** The offset at which the body of a 206 starts. */
function firstByte({ response: { headers } }: EndpointAnswer): number | undefined {
  return parseContentRange(headers['content-range'] ?? '')?.first
}

async function orNotFound(answer: Promise<EndpointAnswer>, what: Descriptor): Promise<EndpointAnswer> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof RegistryNotFoundError
      ? new ContentNotFoundError(what.digest, { cause: error, doubtful: true })
      : error
  }
}

/** Reads a body that starts at `start`, from `offset` to the end of the content and no more. */
function exactly(answer: EndpointAnswer, what: Descriptor, start: number, offset: number): BodyReader {
  const { facts, signal } = answer.body
  const body = openBody(answer.response.body, answer.body)
  let position = start
  const truncated = (options?: ErrorOptions): RegistryTruncatedError =>
    new RegistryTruncatedError(facts, Math.max(position, offset), what.size, options)
  const read = async (): Promise<Uint8Array | undefined> => {
    for (;;) {
      let chunk: Uint8Array | undefined
      try {
        chunk = await body.read()
      } catch (error) {
        signal?.throwIfAborted()
        throw isRegistryError(error) ? truncated({ cause: error }) : error
      }
      const unwanted = Math.max(offset - position, 0)
      position += chunk?.byteLength ?? 0
      if (position > what.size) throw new LongContentError(what.size)
      if (chunk === undefined && position < what.size) throw truncated()
      if (chunk === undefined || unwanted === 0) return chunk
      if (unwanted < chunk.byteLength) return chunk.subarray(unwanted)
    }
  }
  return { read, close: body.close }
}
