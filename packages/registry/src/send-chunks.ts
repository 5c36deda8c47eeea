import { rechunk, type AbortOptions, type ByteStream } from '@drayage/bytes'

import { closeBody, discardBody } from './body.ts'
import type { Answer } from './endpoint.ts'
import { interrupted } from './send-stream.ts'
import { connect, follow, forget, isLostSession, recheck, reconcile, refusalOf, sendTo, type Upload } from './upload.ts'
import { chunkBytesOf, shrink } from './upload-mode.ts'
import { sessionOf, uploadedBytes } from './upload-session.ts'

/**
 * Sends `source`, the bytes after the upload's offset, in chunks; those that are too large for the registry are sent in
 * smaller ones. Bytes of the source that do not fill a chunk when it fails are dropped: the offset does not count them.
 *
 * @throws RegistryUploadError `ERR_REGISTRY_UPLOAD`
 * @see OCI distribution-spec v1.1.1, "Pushing a blob in chunks" (end-5)
 */
export async function sendChunks(upload: Upload, source: ByteStream, options: AbortOptions): Promise<void> {
  const { offset } = upload
  try {
    await connect(upload, options)
    if (upload.offset !== offset) throw interrupted(upload, 'partial', offset)
  } catch (error) {
    await closeBody(source)
    throw error
  }
  for await (const block of rechunk(source, chunkBytesOf(upload.context.mode, upload.minChunkBytes)))
    await sendBlock(upload, block, options)
}

/** Sends bytes that are in memory, in as many chunks as it takes. */
export async function sendBlock(upload: Upload, block: Uint8Array, options: AbortOptions): Promise<void> {
  const start = upload.offset
  const end = start + block.byteLength
  while (upload.offset < end) {
    const from = upload.offset
    const chunk = block.subarray(
      from - start,
      Math.min(block.byteLength, from - start + chunkBytesOf(upload.context.mode, upload.minChunkBytes)),
    )
    await sendChunk(upload, chunk, options)
    const isLost = upload.session === undefined || upload.offset < from || upload.offset > end
    if (isLost) await forget(upload)
    if (isLost) throw interrupted(upload, 'session-lost', end)
  }
}

/** Sends one chunk. Afterwards the offset says how much of it is there, which may be nothing when it was too large. */
async function sendChunk(upload: Upload, chunk: Uint8Array, options: AbortOptions): Promise<void> {
  const { context, offset } = upload
  const session = await connect(upload, options)
  if (upload.offset !== offset) return
  const sent = offset + chunk.byteLength
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(chunk.byteLength),
    'content-range': `${offset}-${sent - 1}`,
  }
  let answer: Answer
  try {
    answer = await sendTo(context, session, { method: 'PATCH', headers, content: chunk, signal: options.signal })
  } catch (error) {
    await reconcile(upload, options)
    throw error
  }
  const { status } = answer.response
  if (status !== 200 && status !== 201 && status !== 202 && status !== 204)
    return await refused(upload, answer, chunk, options)
  await discardBody(answer.response)
  const named = uploadedBytes(answer.response.headers)
  upload.offset = named === undefined || (named === 0 && sent <= 1) ? sent : named
  await follow(upload, sessionOf(context.endpoint, answer) ?? session, answer)
  // 201 is said of an end; what comes after it may be dropped.
  if (status === 201) await recheck(upload, options)
  if (upload.offset === offset) throw interrupted(upload, 'partial', sent)
}

async function refused(upload: Upload, answer: Answer, chunk: Uint8Array, options: AbortOptions): Promise<void> {
  const start = upload.offset
  const error = await refusalOf(answer)
  if (isLostSession(error)) {
    await forget(upload)
    throw interrupted(upload, 'session-lost', start + chunk.byteLength, error)
  }
  await reconcile(upload, options)
  const isTooLarge = error.status === 413 && chunk.byteLength > upload.minChunkBytes
  if (isTooLarge && shrink(upload.context.mode, chunk.byteLength)) return
  if (error.status === 416) {
    if (upload.offset > start) return
    throw interrupted(upload, 'partial', start + chunk.byteLength, error)
  }
  throw error
}
