import { skip, type ByteStream } from '@drayage/bytes'
import { LongContentError, ShortContentError, verify, verifyBytes } from '@drayage/digest'
import { ContentNotFoundError, type RangeOptions } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'

import { closeBody, contentLength, contentType, discardBody, isEncoded, openBody } from './body.ts'
import { parseContentRange } from './content-range.ts'
import { expectStatus, type Answer, type Endpoint } from './endpoint.ts'
import { RegistryNotFoundError, RegistryProtocolError, RegistryTruncatedError } from './errors.ts'
import { isRegistryError } from './is-registry-error.ts'

/** Where content is. */
export interface BlobSource {
  readonly endpoint: Endpoint
  /** Below `/v2/`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The bytes of a blob from `offset` on. See the package's `RepositoryClient` for the contract.
 *
 * @throws RangeError when the offset is not within the content
 */
export async function* fetchBlob(source: BlobSource, what: Descriptor, options: RangeOptions = {}): ByteStream {
  const { offset = 0, signal } = options
  if (!Number.isSafeInteger(what.size) || what.size < 0) {
    throw new RangeError(`Cannot fetch ${what.digest}: its size is ${what.size}, expected a whole number of bytes`)
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > what.size) {
    throw new RangeError(`Cannot fetch ${what.digest}: the offset is ${offset}, expected 0 to ${what.size}`)
  }
  signal?.throwIfAborted()
  if (offset === what.size) {
    if (offset === 0) verifyBytes(new Uint8Array(0), what)
    return
  }
  const bytes = readExactly(await openFrom(source, what, offset, options), what, offset)
  yield* offset === 0 && options.verify !== false ? verify(bytes, what) : bytes
}

/** Requests the bytes; a range that is refused or wrong becomes a request for the whole whose start is skipped. */
async function openFrom(source: BlobSource, what: Descriptor, offset: number, options: RangeOptions): Promise<Answer> {
  if (offset === 0) return await openWhole(source, what, 0, options)
  const { endpoint, path, headers } = source
  const range = { ...headers, range: `bytes=${offset}-` }
  const answer = await endpoint.send({ method: 'GET', path, headers: range, signal: options.signal })
  const { status } = answer.response
  if (status === 206 && isWantedRange(answer, what.size, offset)) return answer
  if (options.mustSeek === true && (status === 200 || status === 206)) {
    await closeBody(answer.response.body)
    throw new RegistryProtocolError(answer.body.facts, 'an answer from another offset', `bytes from ${offset} on`)
  }
  if (status === 200) return skipTo(endpoint, checkWhole(answer, what), offset)
  if (status !== 206 && status !== 416) return await orNotFound(expectStatus(answer, 206), what)
  await (status === 416 ? discardBody(answer.response) : closeBody(answer.response.body))
  return await openWhole(source, what, offset, options)
}

async function openWhole(source: BlobSource, what: Descriptor, offset: number, options: RangeOptions): Promise<Answer> {
  const { endpoint, path, headers = {} } = source
  const sent = await endpoint.send({ method: 'GET', path, headers, signal: options.signal })
  if (sent.response.status === 206) {
    await closeBody(sent.response.body)
    throw new RegistryProtocolError(sent.body.facts, 'a range that nobody asked for', 'the whole content')
  }
  const answer = checkWhole(await orNotFound(expectStatus(sent, 200), what), what)
  return offset === 0 ? await answer : skipTo(endpoint, answer, offset)
}

/** @throws ShortContentError, LongContentError when the announced length cannot be right */
async function checkWhole(answer: Answer, what: Descriptor): Promise<Answer> {
  const { response, body } = answer
  const length = contentLength(response.headers)
  if (length === undefined || length === what.size) return answer
  await closeBody(response.body)
  if (contentType(response.headers) === 'text/html') {
    throw new RegistryProtocolError(body.facts, 'a web page', "a registry's answer")
  }
  throw length > what.size ? new LongContentError(what.size) : new ShortContentError(length, what.size)
}

async function skipTo(endpoint: Endpoint, whole: Promise<Answer>, offset: number): Promise<Answer> {
  const answer = await whole
  endpoint.onEvent({ type: 'range-ignored', host: endpoint.host, skippedBytes: offset })
  return { ...answer, response: { ...answer.response, body: skip(answer.response.body, offset) } }
}

function isWantedRange(answer: Answer, size: number, offset: number): boolean {
  const { headers } = answer.response
  const range = parseContentRange(headers['content-range'] ?? '')
  const length = contentLength(headers)
  if (range === undefined || isEncoded(headers)) return false
  if (length !== undefined && length !== size - offset) return false
  return range.first === offset && range.last === size - 1 && (range.total ?? size) === size
}

async function orNotFound(answer: Promise<Answer>, what: Descriptor): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof RegistryNotFoundError ? new ContentNotFoundError(what.digest, { cause: error }) : error
  }
}

/** The body, which must bring the bytes from `offset` to the end and no more. */
async function* readExactly(answer: Answer, what: Descriptor, offset: number): ByteStream {
  const { facts } = answer.body
  let position = offset
  try {
    for await (const chunk of openBody(answer.response.body, answer.body)) {
      position += chunk.byteLength
      if (position > what.size) throw new LongContentError(what.size)
      yield chunk
    }
  } catch (error) {
    answer.body.signal?.throwIfAborted()
    if (isRegistryError(error)) throw new RegistryTruncatedError(facts, position, what.size, { cause: error })
    throw error
  }
  if (position < what.size) throw new RegistryTruncatedError(facts, position, what.size)
}
