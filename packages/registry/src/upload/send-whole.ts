import { fromBytes, type AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'

import { RegistryError } from '../errors/answer-errors.ts'
import { RegistryUploadError } from '../errors/transfer-errors.ts'
import { isBlobThere } from '../read/has-content.ts'
import { finishUpload } from './finish-upload.ts'
import { sendBlock } from './send-chunks.ts'
import { sendStream } from './send-stream.ts'
import type { Upload } from './upload.ts'

/**
 * Uploads content that is in memory: in one PUT, or in the way that has turned out to work for this repository. Since the
 * bytes can be sent again, what the registry refuses for its form is sent in the other one at once.
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
  await upload.connect(options)
  if (upload.offset > bytes.byteLength) await upload.cancel(options)
  const rest = bytes.subarray(upload.offset)
  if (rest.byteLength === 0 && upload.offset > 0) return await finishUpload(upload, what, options)
  const isChunked = mode.isChunked && rest.byteLength > mode.chunkBytes(upload.minChunkBytes)
  if (isChunked || mode.isPatchOnly) return await byPatch(upload, what, bytes, options)
  try {
    await finishUpload(upload, what, { ...options, rest })
  } catch (error) {
    if (error instanceof RegistryUploadError && error.reason === 'session-lost') mode.usePatchOnly()
    else if (!isTooLarge(error) || !mode.shrinkBelow(rest.byteLength)) throw error
    await byPatch(upload, what, bytes, options)
  }
}

async function byPatch(upload: Upload, what: Descriptor, bytes: Uint8Array, options: AbortOptions): Promise<void> {
  const { mode, remote } = upload.context
  await upload.connect(options)
  if (upload.offset > bytes.byteLength) await upload.cancel(options)
  await upload.connect(options)
  const rest = bytes.subarray(upload.offset)
  const isThere = async (sent: number): Promise<boolean> =>
    sent === what.size && (await isBlobThere(remote, what, options))
  if (mode.isChunked) await sendBlock(upload, rest, options)
  else if (await sendStream(upload, fromBytes(rest), { ...options, size: bytes.byteLength, isThere })) return
  await finishUpload(upload, what, options)
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RegistryError && (error.status === 413 || error.status === 411)
}
