import type { AbortOptions } from '@drayage/bytes'
import { DigestMismatchError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { errorOf, type EndpointAnswer } from '../endpoints/answer.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { discardBody } from '../http/body.ts'
import { otherDigest } from '../http/headers.ts'
import { isBlobThere } from '../read/has-content.ts'
import { isLostSession } from './lost-session.ts'
import { ACCEPTED, type Upload } from './upload.ts'

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
  const { signal, rest } = options
  await upload.connect({ signal })
  const length = rest?.byteLength ?? 0
  if (upload.offset !== what.size - length) throw upload.interruption('partial', what.size)
  const headers = { 'content-length': String(length), 'content-type': 'application/octet-stream' }
  const content = rest === undefined ? {} : { content: rest }
  let answer: EndpointAnswer
  try {
    answer = await upload.send({ method: 'PUT', headers, signal, ...content }, what.digest)
  } catch (error) {
    signal?.throwIfAborted()
    if (await isThere(upload, what, { signal })) return
    await upload.reconcile({ signal })
    throw error
  }
  const { status } = answer.response
  if (!ACCEPTED.has(status)) return await refused(upload, what, answer, { signal })
  await discardBody(answer.response)
  const named = otherDigest(answer.response.headers, what.digest)
  if (named !== undefined) throw new DigestMismatchError(named, what.digest)
  if (status !== 201 && !(await isBlobThere(upload.context.remote, what, { signal }))) {
    await upload.reconcile({ signal })
    throw new RegistryProtocolError(answer.body.facts, `the server answered ${status} and does not have the content`)
  }
  await upload.forget()
}

async function refused(upload: Upload, what: Descriptor, answer: EndpointAnswer, options: AbortOptions): Promise<void> {
  const refusal = await errorOf(answer)
  // What went wrong may have gone wrong after the end.
  if ((isLostSession(refusal) || refusal.retryable) && (await isThere(upload, what, options))) return
  throw await upload.settle(refusal, what.size, options)
}

/** Whether the registry says that it has the content; then the upload is over. */
async function isThere(upload: Upload, what: Descriptor, options: AbortOptions): Promise<boolean> {
  try {
    if (!(await isBlobThere(upload.context.remote, what, options))) return false
  } catch {
    options.signal?.throwIfAborted()
    return false
  }
  await upload.forget()
  return true
}
