/** Bytes of a header, and the unit that the data of a file is padded to. */
export const TAR_BLOCK_BYTES: number = 512

/** The end of an archive: two blocks of zeros. */
export const TAR_END: Uint8Array = new Uint8Array(2 * TAR_BLOCK_BYTES)

/** How many bytes follow `size` bytes of data to fill their last block. */
export function paddingOf(size: number): number {
  return (TAR_BLOCK_BYTES - (size % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES
}

/** Where a field stands in a header: its start and its length. */
export type FieldPlace = readonly [start: number, length: number]

/** Fields of a header. Those of star and GNU stand where others are in ustar. */
export type FieldName =
  | 'name'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'size'
  | 'mtime'
  | 'checksum'
  | 'typeflag'
  | 'linkname'
  | 'magic'
  | 'devmajor'
  | 'devminor'
  | 'prefix'
  | 'starPrefix'
  | 'starAtime'
  | 'starCtime'
  | 'starTrailer'
  | 'gnuAtime'
  | 'gnuCtime'
  | 'gnuRealSize'

/** The fields of a header. @see POSIX.1-2017, pax, "ustar Interchange Format"; the tar(5) manual for GNU and star */
export const FIELDS: Readonly<Record<FieldName, FieldPlace>> = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  typeflag: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
  devmajor: [329, 8],
  devminor: [337, 8],
  prefix: [345, 155],
  starPrefix: [345, 131],
  starAtime: [476, 12],
  starCtime: [488, 12],
  starTrailer: [508, 4],
  gnuAtime: [345, 12],
  gnuCtime: [357, 12],
  gnuRealSize: [483, 12],
}

/** The bytes of a field of a header. */
export function field(block: Uint8Array, [start, length]: FieldPlace): Uint8Array {
  return block.subarray(start, start + length)
}

const [CHECKSUM_START, CHECKSUM_BYTES] = FIELDS.checksum
const SPACE = 0x20

/**
 * The sum of the bytes of a header with its checksum taken for spaces, and the sum that old writers made, of the bytes
 * taken as signed.
 */
export function checksums(block: Uint8Array): { readonly unsigned: number; readonly signed: number } {
  let unsigned = CHECKSUM_BYTES * SPACE
  let high = 0
  const add = (start: number, end: number): void => {
    for (let at = start; at < end; at++) {
      const byte = block[at] ?? 0
      unsigned += byte
      high += byte >> 7
    }
  }
  add(0, CHECKSUM_START)
  add(CHECKSUM_START + CHECKSUM_BYTES, TAR_BLOCK_BYTES)
  return { unsigned, signed: unsigned - 256 * high }
}
