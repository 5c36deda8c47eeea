import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { sizedFrom } from '@drayage/content'

import { discardBody } from './body.ts'
import type { Answer } from './endpoint.ts'
import { RegistryError, RegistryUploadError, type UploadInterruption } from './errors.ts'
import { CHUNK_BYTES } from './limits.ts'
import { connect, follow, forget, isLostSession, recheck, reconcile, refusalOf, sendTo, type Upload } from './upload.ts'
import { sessionOf, uploadedBytes, type UploadSession } from './upload-session.ts'
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
    const session = await connect(upload, { signal })
    if (upload.offset !== offset) throw interrupted(upload, 'partial', offset)
    return await patch(upload, session, body, options)
  } catch (error) {
    signal?.throwIfAborted()
    throw body.failure() === undefined ? error : body.failure()?.error
  } finally {
    body.close()
  }
}

async function patch(
  upload: Upload,
  session: UploadSession,
  body: WatchedBody,
  options: SendStreamOptions,
): Promise<boolean> {
  const { size, signal } = options
  const start = upload.offset
  const headers = {
    'content-type': 'application/octet-stream',
    ...(size !== undefined && { 'content-length': String(size - start) }),
    // The registry may still be reading what an earlier connection brought, and must not put these bytes after that.
    ...(size !== undefined && size > start && start > 0 && { 'content-range': `${start}-${size - 1}` }),
  }
  let answer: Answer
  try {
    answer = await sendTo(upload.context, session, { method: 'PATCH', headers, content: body.stream, signal })
  } catch (error) {
    await reconcile(upload, { signal })
    // What got nowhere in one request, as through a proxy that keeps bodies back, may get there in small ones.
    const isStuck = body.failure() === undefined && body.bytes() > 0 && upload.offset <= start
    if (isStuck) upload.context.mode.chunkBytes ??= CHUNK_BYTES
    throw error
  }
  const { status } = answer.response
  if (status !== 200 && status !== 201 && status !== 202 && status !== 204) {
    return await refused(upload, answer, start + body.bytes(), options)
  }
  await discardBody(answer.response)
  if (body.failure() !== undefined) {
    await reconcile(upload, { signal })
    throw body.failure()?.error
  }
  const sent = start + body.bytes()
  if (status === 201 && (await options.isThere(sent))) {
    await forget(upload)
    upload.offset = sent
    return true
  }
  await accepted(upload, session, answer, { sent, isWhole: body.isFinished(), signal })
  return false
}

interface Sent extends AbortOptions {
  /** The offset by our own count. */
  readonly sent: number
  readonly isWhole: boolean
}

/** Takes over what the registry says that it has got. */
async function accepted(upload: Upload, session: UploadSession, answer: Answer, options: Sent): Promise<void> {
  const { sent, isWhole, signal } = options
  const { headers, status } = answer.response
  const named = uploadedBytes(headers)
  upload.offset = named === undefined || (named === 0 && sent <= 1) ? sent : named
  await follow(upload, sessionOf(upload.context.endpoint, answer) ?? session, answer)
  if (!isWhole) await reconcile(upload, { signal })
  // 201 is said of an end, and is none here: what comes after it may be dropped.
  else if (status === 201) await recheck(upload, { signal })
  if (upload.offset === sent) return
  if (upload.offset > sent) await forget(upload)
  throw interrupted(upload, upload.session === undefined ? 'session-lost' : 'partial', sent)
}

/** Turns a refusal of PATCH into what to do about it. */
async function refused(upload: Upload, answer: Answer, sent: number, options: SendStreamOptions): Promise<boolean> {
  const { mode } = upload.context
  const { signal } = options
  const error = await refusalOf(answer)
  if (isLostSession(error)) {
    await forget(upload)
    if (await options.isThere(sent)) {
      upload.offset = sent
      return true
    }
    throw interrupted(upload, 'session-lost', sent, error)
  }
  await reconcile(upload, { signal })
  if (error.status === 411 || error.status === 413) {
    mode.chunkBytes ??= CHUNK_BYTES
    throw interrupted(upload, 'too-large', sent, error)
  }
  if (error.status === 401) throw interrupted(upload, 'unauthorized', sent, error)
  if (error.status === 416) throw interrupted(upload, 'partial', sent, error)
  throw error
}

/** The error of an upload that goes on with another request. */
export function interrupted(
  upload: Upload,
  reason: UploadInterruption,
  expectedBytes: number,
  cause?: unknown,
): RegistryUploadError {
  const { endpoint, base } = upload.context
  const facts =
    cause instanceof RegistryError
      ? { method: cause.method, url: cause.url }
      : { method: 'PATCH', url: `${endpoint.origin().origin}${base}/blobs/uploads/` }
  return new RegistryUploadError(facts, reason, upload.offset, expectedBytes, { cause })
}
