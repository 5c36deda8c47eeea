import { fromBytes, type AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'

import { RegistryError, RegistryUploadError } from './errors.ts'
import { finishUpload } from './finish-upload.ts'
import { sendBlock } from './send-chunks.ts'
import { sendStream } from './send-stream.ts'
import { cancel, connect, type Upload } from './upload.ts'
import { chunkBytesOf, shrink } from './upload-mode.ts'

/**
 * Uploads content that is in memory: in one PUT, or the way that this repository has turned out to bear. Since the bytes
 * can be sent again, what the registry refuses for its form is sent in the other one at once.
 *
 * @throws RegistryDigestRefusedError `ERR_REGISTRY_DIGEST_REFUSED`
 */
export async function sendWhole(
  upload: Upload,
  what: Descriptor,
  bytes: Uint8Array,
  options: AbortOptions,
): Promise<void> {
  const { mode } = upload.context
  await connect(upload, options)
  if (upload.offset > bytes.byteLength) await cancel(upload, options)
  const rest = bytes.subarray(upload.offset)
  const isChunked =
    mode.chunkBytes !== undefined && rest.byteLength > chunkBytesOf(upload.context.mode, upload.minChunkBytes)
  if (rest.byteLength === 0 && upload.offset > 0) return await finishUpload(upload, what, options)
  if (isChunked || mode.isPatchOnly) return await byPatch(upload, what, bytes, options)
  try {
    await finishUpload(upload, what, { ...options, rest })
  } catch (error) {
    if (error instanceof RegistryUploadError && error.reason === 'session-lost') mode.isPatchOnly = true
    else if (!isTooLarge(error) || !shrink(mode, rest.byteLength)) throw error
    await byPatch(upload, what, bytes, options)
  }
}

async function byPatch(upload: Upload, what: Descriptor, bytes: Uint8Array, options: AbortOptions): Promise<void> {
  await connect(upload, options)
  if (upload.offset > bytes.byteLength) await cancel(upload, options)
  await connect(upload, options)
  const rest = bytes.subarray(upload.offset)
  const isThere = async (sent: number): Promise<boolean> =>
    sent === what.size && (await upload.context.has(what.digest, what.size, options))
  if (upload.context.mode.chunkBytes !== undefined) await sendBlock(upload, rest, options)
  else if (await sendStream(upload, fromBytes(rest), { ...options, size: bytes.byteLength, isThere })) return
  await finishUpload(upload, what, options)
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RegistryError && (error.status === 413 || error.status === 411)
}
