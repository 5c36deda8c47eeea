import { concat } from '@drayage/bytes'
import { createHasher, digestHex } from '@drayage/digest'

/** What an index says of its tar as a whole. */
export interface TarFacts {
  /** Size of the uncompressed tar in bytes. */
  readonly size: number
  readonly entryCount: number
}

/** The magic number of the skippable frame, which decoders pass over. @see RFC 8878, section 3.1.2 */
const MAGIC = 0x184d2a5d
const HEADER_BYTES = 8
const NUMBER_BYTES = 8
const CHECK_BYTES = 8
const PAYLOAD_BYTES = 2 * NUMBER_BYTES + CHECK_BYTES

/** The bytes at the end of an index that say what its tar is. */
export const TRAILER_BYTES: number = HEADER_BYTES + PAYLOAD_BYTES

/** The end of an index. */
export function encodeTrailer({ size, entryCount }: TarFacts): Uint8Array {
  const bytes = new Uint8Array(TRAILER_BYTES - CHECK_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, PAYLOAD_BYTES, true)
  view.setBigUint64(HEADER_BYTES, BigInt(size), true)
  view.setBigUint64(HEADER_BYTES + NUMBER_BYTES, BigInt(entryCount), true)
  return concat([bytes, checkOf(bytes)])
}

/** What the last {@link TRAILER_BYTES} of an index say; `undefined` for one of before it had an end, or a damaged one. */
export function decodeTrailer(bytes: Uint8Array): TarFacts | undefined {
  if (bytes.byteLength !== TRAILER_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== MAGIC) return undefined
  const [said, check] = [bytes.subarray(0, -CHECK_BYTES), bytes.subarray(-CHECK_BYTES)]
  if (checkOf(said).some((byte, at) => byte !== check[at])) return undefined
  const [size, entryCount] = [HEADER_BYTES, HEADER_BYTES + NUMBER_BYTES].map((at) =>
    Number(view.getBigUint64(at, true)),
  )
  return size === undefined || entryCount === undefined ? undefined : { size, entryCount }
}

function checkOf(bytes: Uint8Array): Uint8Array {
  const hasher = createHasher('sha256')
  hasher.update(bytes)
  return Uint8Array.from(Buffer.from(digestHex(hasher.digest()), 'hex').subarray(0, CHECK_BYTES))
}
