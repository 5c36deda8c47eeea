import { LayerTarError } from './errors.ts'

/** Bytes of a tar header and the unit that data is padded to. */
export const BLOCK_BYTES: number = 512

/** The fields of one header block, as they stand there. */
export interface TarHeader {
  readonly name: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly typeflag: string
  readonly linkname: string
  /** Size with holes, of a sparse file in the old GNU form. */
  readonly sparseSize: number | undefined
  /** Whether a block that goes on with the map of holes follows. */
  readonly hasMoreSparse: boolean
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Tells whether a block is all zeros. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0)
}

/**
 * Reads a header block.
 *
 * @param offset where the block is in the tar, for errors
 * @throws LayerTarError `ERR_LAYER_TAR`
 * @see POSIX.1-2017, pax, "ustar Interchange Format"
 */
export function readHeader(block: Uint8Array, offset: number): TarHeader {
  const fail = (found: string): never => {
    throw new LayerTarError(found, offset)
  }
  if (!hasValidChecksum(block)) fail('a header with a wrong checksum')
  const numeric = (field: string, start: number, length: number): number =>
    readNumber(block.subarray(start, start + length)) ?? fail(`a ${field} that is no number`)
  const magic = decoder.decode(block.subarray(257, 265))
  const isUstar = magic.startsWith('ustar\0')
  const isGnu = magic === 'ustar  \0'
  const typeflag = String.fromCharCode(block[156] ?? 0)
  const prefix = isUstar ? text(block.subarray(345, 500)) : ''
  const name = text(block.subarray(0, 100))
  const isSparse = isGnu && typeflag === 'S'
  const size = numeric('size', 124, 12)
  if (size < 0) fail('a negative size')
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: numeric('mode', 100, 8),
    uid: numeric('uid', 108, 8),
    gid: numeric('gid', 116, 8),
    size,
    mtime: numeric('mtime', 136, 12),
    typeflag,
    linkname: text(block.subarray(157, 257)),
    sparseSize: isSparse ? numeric('sparse size', 483, 12) : undefined,
    hasMoreSparse: isSparse && block[482] !== 0,
  }
}

/** The text of a field, up to its first NUL. */
export function text(field: Uint8Array): string {
  const end = field.indexOf(0)
  return decoder.decode(end < 0 ? field : field.subarray(0, end))
}

/** Octal digits between spaces and NULs, or big-endian base 256; `undefined` for anything else and for unsafe integers. */
function readNumber(field: Uint8Array): number | undefined {
  const first = field[0] ?? 0
  if ((first & 0x80) === 0) {
    const digits = text(field).trim()
    if (digits === '') return 0
    return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined
  }
  const isNegative = (first & 0x40) !== 0
  let value = BigInt(isNegative ? first | ~0xff : first & 0x7f)
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

/** The sum of all bytes with the checksum field read as spaces; old writers summed signed bytes. */
function hasValidChecksum(block: Uint8Array): boolean {
  let unsigned = 0
  let signed = 0
  for (let index = 0; index < BLOCK_BYTES; index++) {
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0)
    unsigned += byte
    signed += byte < 128 ? byte : byte - 256
  }
  const stated = readNumber(block.subarray(148, 156))
  return stated === unsigned || stated === signed
}
