import { concat } from '@drayage/bytes'

/** Fields of a raw header; text goes there as it is. */
export interface RawHeader {
  readonly name?: string
  readonly mode?: string
  readonly size?: number | string | Uint8Array
  readonly typeflag?: string
  readonly linkname?: string
  readonly magic?: string
  readonly prefix?: string
  readonly mtime?: string
  readonly patch?: (block: Uint8Array) => void
  readonly signedChecksum?: boolean
  readonly checksum?: string
}

/** Two blocks of zeros. */
export const TAR_ZEROS: Uint8Array = new Uint8Array(1024)

/** A header block, with nothing checked. */
export function rawHeader(header: RawHeader): Uint8Array {
  const block = new Uint8Array(512)
  const put = (value: string | Uint8Array, offset: number): void => block.set(Buffer.from(value), offset)
  const { size = 0 } = header
  put(header.name ?? 'file', 0)
  put(header.mode ?? '0000644\0', 100)
  put('0000000\0', 108)
  put('0000000\0', 116)
  put(typeof size === 'number' ? `${size.toString(8).padStart(11, '0')}\0` : size, 124)
  put(header.mtime ?? '00000000000\0', 136)
  put(header.typeflag ?? '0', 156)
  put(header.linkname ?? '', 157)
  put(header.magic ?? 'ustar\x0000', 257)
  put(header.prefix ?? '', 345)
  header.patch?.(block)
  put('        ', 148)
  const sum = block.reduce(
    (total, byte) => total + (header.signedChecksum === true && byte > 127 ? byte - 256 : byte),
    0,
  )
  put(header.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** Data with the padding after it. */
function rawData(data: Uint8Array | string): Uint8Array {
  const bytes = Buffer.from(data)
  const block = new Uint8Array(Math.ceil(bytes.byteLength / 512) * 512)
  block.set(bytes)
  return block
}

/** An entry with data; its size is that of the data unless stated. */
export function rawEntry(header: RawHeader, data: Uint8Array | string = ''): Uint8Array {
  return concat([rawHeader({ size: Buffer.from(data).byteLength, ...header }), rawData(data)])
}

/** One PAX record. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (String(length).length + Buffer.byteLength(rest) !== length)
    length = String(length).length + Buffer.byteLength(rest)
  return `${length}${rest}`
}

/** A PAX header for the next entry. */
export function rawPax(records: Readonly<Record<string, string>>, typeflag = 'x'): Uint8Array {
  return rawEntry(
    { name: 'PaxHeaders/x', typeflag },
    Object.entries(records)
      .map(([key, value]) => paxRecord(key, value))
      .join(''),
  )
}
