import { rechunk, type AbortOptions, type ByteStream } from '@drayage/bytes'

import { errorOf, type EndpointAnswer } from '../endpoints/answer.ts'
import { closeBody, discardBody } from '../http/body.ts'
import { ACCEPTED, type Upload } from './upload.ts'

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
    await upload.connect(options)
    if (upload.offset !== offset) throw upload.interruption('partial', offset)
  } catch (error) {
    await closeBody(source)
    throw error
  }
  for await (const block of rechunk(source, chunkBytes(upload))) await sendBlock(upload, block, options)
}

/** Sends bytes that are in memory, in as many chunks as it takes. */
export async function sendBlock(upload: Upload, block: Uint8Array, options: AbortOptions): Promise<void> {
  const start = upload.offset
  const end = start + block.byteLength
  while (upload.offset < end) {
    const from = upload.offset
    await sendChunk(upload, block.subarray(from - start, from - start + chunkBytes(upload)), options)
    if (upload.session !== undefined && upload.offset >= from && upload.offset <= end) continue
    await upload.forget()
    throw upload.interruption('session-lost', end)
  }
}

function chunkBytes({ context, minChunkBytes }: Upload): number {
  return context.mode.chunkBytes(minChunkBytes)
}

/** Sends one chunk. Afterwards the offset says how much of it is there: nothing when it was too large. */
async function sendChunk(upload: Upload, chunk: Uint8Array, options: AbortOptions): Promise<void> {
  const { offset } = upload
  await upload.connect(options)
  if (upload.offset !== offset) return
  const sent = offset + chunk.byteLength
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(chunk.byteLength),
    'content-range': `${offset}-${sent - 1}`,
  }
  let answer: EndpointAnswer
  try {
    answer = await upload.send({ method: 'PATCH', headers, content: chunk, signal: options.signal })
  } catch (error) {
    await upload.reconcile(options)
    throw error
  }
  const { status } = answer.response
  if (!ACCEPTED.has(status)) return await refused(upload, answer, chunk, options)
  await discardBody(answer.response)
  await upload.accept(answer, sent)
  // 201 is said of an end; a registry may drop what comes after it.
  if (status === 201) await upload.recheck(options)
  if (upload.offset === offset) throw upload.interruption('partial', sent)
}

async function refused(
  upload: Upload,
  answer: EndpointAnswer,
  chunk: Uint8Array,
  options: AbortOptions,
): Promise<void> {
  const start = upload.offset
  const refusal = await errorOf(answer)
  const error = await upload.settle(refusal, start + chunk.byteLength, options)
  const isTooLarge = refusal.status === 413 && chunk.byteLength > upload.minChunkBytes
  if (isTooLarge && upload.context.mode.shrinkBelow(chunk.byteLength)) return
  if (refusal.status === 416 && upload.offset > start) return
  throw error
}
