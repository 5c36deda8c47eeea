import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { sizedFrom } from '@drayage/content'

import { errorOf, type EndpointAnswer } from '../endpoints/answer.ts'
import { discardBody } from '../http/body.ts'
import { isRedirect } from '../http/transport.ts'
import { ACCEPTED, type Upload } from './upload.ts'
import { watchBody, type WatchedBody } from './watched-body.ts'

/** Options of {@link sendStream}. */
export interface SendStreamOptions extends AbortOptions {
  /** Of the whole content, when it is known: then the request says its length. */
  readonly size?: number | undefined
  /** Whether the registry has all of the content; asked when it answers as if it had. */
  readonly isThere: (bytes: number) => Promise<boolean>
}

/**
 * Sends `source`, the bytes after the upload's offset, in one PATCH. Tells whether the content is already whole, as some
 * registries make it.
 *
 * @throws RegistryUploadError `ERR_REGISTRY_UPLOAD`
 * @see OCI distribution-spec v1.1.1, "Pushing a blob in chunks" (end-5)
 */
export async function sendStream(upload: Upload, source: ByteStream, options: SendStreamOptions): Promise<boolean> {
  const { size, signal } = options
  const { offset } = upload
  const body = watchBody(size === undefined ? source : sizedFrom(source, size, offset))
  try {
    await upload.connect({ signal })
    if (upload.offset !== offset) throw upload.interruption('partial', offset)
    return await patch(upload, body, options)
  } catch (error) {
    signal?.throwIfAborted()
    const failure = body.failure()
    throw failure === undefined ? error : failure.error
  } finally {
    body.close()
  }
}

async function patch(upload: Upload, body: WatchedBody, options: SendStreamOptions): Promise<boolean> {
  const { size, signal } = options
  const start = upload.offset
  const headers = {
    'content-type': 'application/octet-stream',
    ...(size !== undefined && { 'content-length': String(size - start) }),
    // The registry may still be reading what an earlier connection brought, and must not put these bytes after that.
    ...(size !== undefined && size > start && start > 0 && { 'content-range': `${start}-${size - 1}` }),
  }
  let answer: EndpointAnswer
  try {
    answer = await upload.send({ method: 'PATCH', headers, content: body.stream, signal })
  } catch (error) {
    await upload.reconcile({ signal })
    // What got nowhere in one request, as through a proxy that keeps bodies back, may get there in small ones.
    const isStuck = body.failure() === undefined && body.bytes() > 0 && upload.offset <= start
    if (isStuck) upload.context.mode.useChunks()
    throw error
  }
  if (isRedirect(answer.response, 'PATCH')) {
    await upload.move(answer)
    throw upload.interruption('redirected', start)
  }
  const sent = start + body.bytes()
  if (!ACCEPTED.has(answer.response.status)) return await refused(upload, answer, sent, options)
  await discardBody(answer.response)
  const failure = body.failure()
  if (failure !== undefined) {
    await upload.reconcile({ signal })
    throw failure.error
  }
  return await accepted(upload, answer, { ...options, sent, isFinished: body.isFinished() })
}

interface SentOptions extends SendStreamOptions {
  /** The offset by our own count. */
  readonly sent: number
  /** Whether the transport has taken all of the source. */
  readonly isFinished: boolean
}

/** Takes over what the registry says that it has got. */
async function accepted(upload: Upload, answer: EndpointAnswer, options: SentOptions): Promise<boolean> {
  const { sent, isFinished, isThere, signal } = options
  // 201 is said of an end, which some registries make of this request.
  const isEnd = answer.response.status === 201
  if (isEnd && (await isThere(sent))) {
    await upload.complete(sent)
    return true
  }
  await upload.accept(answer, sent)
  if (!isFinished) await upload.reconcile({ signal })
  // A registry that says so of no end may drop what comes after it.
  else if (isEnd) await upload.recheck({ signal })
  if (upload.offset === sent) return false
  if (upload.offset > sent) await upload.forget()
  throw upload.interruption(upload.session === undefined ? 'session-lost' : 'partial', sent)
}

/** Turns a refusal of PATCH into what to do about it. */
async function refused(
  upload: Upload,
  answer: EndpointAnswer,
  sent: number,
  { isThere, signal }: SendStreamOptions,
): Promise<boolean> {
  const refusal = await errorOf(answer)
  const error = await upload.settle(refusal, sent, { signal })
  if ('reason' in error && error.reason === 'session-lost' && (await isThere(sent))) {
    await upload.complete(sent)
    return true
  }
  const { status } = refusal
  if (status === 411 || status === 413) {
    upload.context.mode.useChunks()
    throw upload.interruption('too-large', sent, refusal)
  }
  throw status === 401 ? upload.interruption('unauthorized', sent, refusal) : error
}
