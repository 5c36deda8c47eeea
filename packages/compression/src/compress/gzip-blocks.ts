import { concat, rechunk, type ByteStream } from '@drayage/bytes'
import { promisify } from 'node:util'
import { constants, crc32, deflateRaw } from 'node:zlib'

import { mapInOrder } from './map-in-order.ts'

/** Bytes that are compressed as one: large enough that cutting there costs nothing that shows. */
export const GZIP_BLOCK_BYTES: number = 1024 * 1024
/** How far back deflate looks: what it has to know of the block before. */
const WINDOW_BYTES = 32 * 1024
const OUTPUT_BYTES = 256 * 1024
/** The empty block that ends a deflate stream. */
const LAST_BLOCK = Uint8Array.of(0x03, 0x00)

const deflate = promisify<Uint8Array, object, Uint8Array<ArrayBuffer>>(deflateRaw)

/** How blocks are compressed. */
export interface BlockOptions {
  readonly level: number
  /** Blocks at a time. */
  readonly parallel: number
}

/**
 * Compresses to one gzip member, several blocks at a time in zlib's thread pool. Each block begins with what it has to
 * know of the one before and ends on a whole byte, so that they follow each other as if one engine had made them. The
 * output depends on the bytes, the level and zlib alone.
 *
 * @see RFC 1952 section 2.3; RFC 1951 section 3.2.3
 */
export async function* gzipBlocks(source: ByteStream, { level, parallel }: BlockOptions): ByteStream {
  let crc = 0
  let size = 0
  let dictionary: Uint8Array | undefined
  yield header(level)
  yield* mapInOrder(rechunk(source, GZIP_BLOCK_BYTES), parallel, (block) => {
    crc = crc32(block, crc)
    size += block.byteLength
    const work = deflate(block, {
      level,
      chunkSize: OUTPUT_BYTES,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(dictionary !== undefined && { dictionary }),
    })
    dictionary = block.slice(-WINDOW_BYTES)
    return work
  })
  yield concat([LAST_BLOCK, littleEndian(crc), littleEndian(size % 2 ** 32)])
}

/** No time, no name and no operating system, which would make equal content differ. */
function header(level: number): Uint8Array {
  const extra = { 1: 4, 9: 2 }[level] ?? 0
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extra, 255)
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}
