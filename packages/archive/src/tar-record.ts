import { ArchiveFormatError } from './errors.ts'

/** The length of a header and the unit of all lengths in a tar archive. */
export const SECTOR_BYTES = 512

const CHECKSUM = { start: 148, end: 156 }
const SPACE = 0x20

/** One header of a tar archive as it stands. */
export interface TarRecord {
  readonly name: string
  readonly linkName: string
  /** The type flag, one character. */
  readonly flag: string
  /** In bytes, of what follows. */
  readonly size: number
}

/**
 * Decodes a header; nothing for the block of zeros that ends an archive.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 * @see POSIX.1-2017, pax, "ustar Interchange Format"
 */
export function decodeTarRecord(block: Uint8Array, position: number): TarRecord | undefined {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  if (bytes.every((byte) => byte === 0)) return undefined
  if (bytes.byteLength < SECTOR_BYTES) throw notTar(position, 'an incomplete header')
  const sum = number(bytes, CHECKSUM.start, CHECKSUM.end)
  if (sum === undefined || !checksums(bytes).includes(sum)) throw notTar(position, 'a header with another checksum')
  const size = number(bytes, 124, 136)
  if (size === undefined || size < 0) throw notTar(position, 'a header without a size')
  const name = text(bytes, 0, 100)
  // GNU archives keep times where the prefix of the name is in the standard.
  const prefix = bytes.toString('latin1', 257, 263) === 'ustar\0' ? text(bytes, 345, 500) : ''
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: text(bytes, 157, 257),
    flag: String.fromCharCode(bytes[156] ?? 0),
    size,
  }
}

function notTar(position: number, found: string): ArchiveFormatError {
  return new ArchiveFormatError('tar', `found ${found} at byte ${position}, expected that of a tar archive`)
}

/** Both sums in use: of the bytes, and of the bytes taken as signed. */
function checksums(bytes: Buffer): readonly number[] {
  let unsigned = 0
  let signed = 0
  for (let at = 0; at < SECTOR_BYTES; at++) {
    const byte = at >= CHECKSUM.start && at < CHECKSUM.end ? SPACE : (bytes[at] ?? 0)
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  return [unsigned, signed]
}

function text(bytes: Buffer, start: number, end: number): string {
  const zero = bytes.subarray(start, end).indexOf(0)
  return bytes.toString('utf8', start, zero < 0 ? end : start + zero)
}

/** A number in octal digits, or in base 256 when the first bit is set. */
function number(bytes: Buffer, start: number, end: number): number | undefined {
  const first = bytes[start] ?? 0
  if (first >= 0x80) return base256(bytes.subarray(start, end))
  const digits = text(bytes, start, end).trim()
  if (digits === '') return 0
  return /^[0-7]+$/.test(digits) ? safe(Number.parseInt(digits, 8)) : undefined
}

function base256(bytes: Uint8Array): number | undefined {
  // 0xff starts a negative number.
  if (bytes[0] !== 0x80) return undefined
  let value = 0
  for (const byte of bytes.subarray(1)) {
    value = value * 256 + byte
    if (!Number.isSafeInteger(value)) return undefined
  }
  return value
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined
}
