import type { AbortOptions } from '@drayage/bytes'
import { digestAlgorithm, DigestMismatchError, tryParseDigest, type Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { discardBody } from './body.ts'
import type { Answer } from './endpoint.ts'
import { RegistryProtocolError } from './errors.ts'
import { interrupted } from './send-stream.ts'
import { connect, forget, isLostSession, reconcile, refusalOf, sendTo, type Upload } from './upload.ts'
import { withDigest } from './upload-session.ts'

/** Options of {@link finishUpload}. */
export interface FinishUploadOptions extends AbortOptions {
  /** The bytes that the registry does not have yet; none by default. */
  readonly rest?: Uint8Array
}

/**
 * Ends an upload with PUT. When the answer is lost or says nothing, a HEAD tells whether the content is there.
 *
 * @throws RegistryDigestRefusedError `ERR_REGISTRY_DIGEST_REFUSED`; the session is over
 * @throws RegistryUploadError `ERR_REGISTRY_UPLOAD`
 * @see OCI distribution-spec v1.1.1, "Pushing blobs" (end-6)
 */
export async function finishUpload(upload: Upload, what: Descriptor, options: FinishUploadOptions): Promise<void> {
  const { context } = upload
  const { signal, rest } = options
  const session = await connect(upload, { signal })
  if (upload.offset !== what.size - (rest?.byteLength ?? 0)) throw interrupted(upload, 'partial', what.size)
  const headers = { 'content-length': String(rest?.byteLength ?? 0), 'content-type': 'application/octet-stream' }
  const content = rest === undefined ? {} : { content: rest }
  let answer: Answer
  try {
    answer = await sendTo(context, withDigest(session, what.digest), { method: 'PUT', headers, signal, ...content })
  } catch (error) {
    signal?.throwIfAborted()
    if (await isThere(upload, what, { signal })) return
    await reconcile(upload, { signal })
    throw error
  }
  const { status } = answer.response
  if (status !== 200 && status !== 201 && status !== 202 && status !== 204)
    return await refused(upload, what, answer, { signal })
  await discardBody(answer.response)
  checkNamedDigest(what.digest, answer)
  if (status !== 201 && !(await context.has(what.digest, what.size, { signal }))) {
    await reconcile(upload, { signal })
    throw new RegistryProtocolError(answer.body.facts, `${status} and no content`, '201')
  }
  await forget(upload)
}

async function refused(upload: Upload, what: Descriptor, answer: Answer, options: AbortOptions): Promise<void> {
  const error = await refusalOf(answer)
  const isLost = isLostSession(error)
  // What went wrong may have gone wrong after the end.
  if ((isLost || error.retryable) && (await isThere(upload, what, options))) return
  if (isLost || error.code === 'ERR_REGISTRY_DIGEST_REFUSED') await forget(upload)
  else await reconcile(upload, options)
  if (isLost) throw interrupted(upload, 'session-lost', what.size, error)
  throw error.status === 416 ? interrupted(upload, 'partial', what.size, error) : error
}

/** Whether the content is there, when the registry says so; then the upload is over. */
async function isThere(upload: Upload, what: Descriptor, options: AbortOptions): Promise<boolean> {
  try {
    if (!(await upload.context.has(what.digest, what.size, options))) return false
  } catch {
    options.signal?.throwIfAborted()
    return false
  }
  await forget(upload)
  return true
}

/**
 * Compares the digest that an answer names with the one of the content; one of another algorithm cannot be compared.
 *
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export function checkNamedDigest(expected: Digest, answer: Answer): void {
  const named = tryParseDigest(answer.response.headers['docker-content-digest']?.trim() ?? '')
  if (!named.ok || digestAlgorithm(named.value) !== digestAlgorithm(expected)) return
  if (named.value !== expected) throw new DigestMismatchError(named.value, expected)
}
