/** How bytes are compressed. */
export type Compression = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'none'

/** How many bytes {@link detectCompression} looks at. */
export const DETECT_BYTES: number = 6

/**
 * Tells how bytes are compressed from their first {@link DETECT_BYTES} bytes. Bytes of no known form are `none`,
 * as is an empty prefix. A zstd stream may start with a skippable frame.
 *
 * @see RFC 1952 section 2.3.1, RFC 8878 sections 3.1.1 and 3.1.2
 */
export function detectCompression(prefix: Uint8Array): Compression {
  if (startsWith(prefix, [0x1f, 0x8b])) return 'gzip'
  if (startsWith(prefix, [0x28, 0xb5, 0x2f, 0xfd]) || isSkippable(prefix)) return 'zstd'
  if (startsWith(prefix, [0x42, 0x5a, 0x68])) return 'bzip2'
  if (startsWith(prefix, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])) return 'xz'
  return 'none'
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.byteLength >= magic.length && magic.every((byte, index) => bytes[index] === byte)
}

function isSkippable(bytes: Uint8Array): boolean {
  return bytes[0] !== undefined && bytes[0] >> 4 === 0x5 && startsWith(bytes.subarray(1), [0x2a, 0x4d, 0x18])
}
