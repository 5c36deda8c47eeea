import { CHUNK_BYTES, CHUNK_CEILING_BYTES, CHUNK_FLOOR_BYTES } from './limits.ts'

/** How the uploads of one repository are sent; what one of them learns, the others follow. */
export interface UploadMode {
  /** `undefined` while blobs go in one request. */
  chunkBytes: number | undefined
  /** Whether a session takes bytes by PATCH only. */
  isPatchOnly: boolean
}

/** The size of the next chunks. */
export function chunkBytesOf(mode: UploadMode, minChunkBytes: number): number {
  return Math.min(Math.max(mode.chunkBytes ?? CHUNK_BYTES, minChunkBytes), CHUNK_CEILING_BYTES)
}

/** Makes the following requests small, after one of `bytes` was too large; `false` when they cannot get smaller. */
export function shrink(mode: UploadMode, bytes: number): boolean {
  if (bytes <= CHUNK_FLOOR_BYTES) return false
  // The limits of proxies are powers of two.
  const smaller = Math.max(CHUNK_FLOOR_BYTES, 2 ** (Math.ceil(Math.log2(bytes)) - 1))
  mode.chunkBytes = Math.min(mode.chunkBytes ?? CHUNK_BYTES, smaller)
  return true
}
