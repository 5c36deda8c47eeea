import { rechunk, type ByteStream } from '@drayage/bytes'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'

import type { BlockOptions } from './gzip-blocks.ts'
import { mapInOrder } from './map-in-order.ts'

/** Bytes of one frame: as far as most levels look back. */
export const ZSTD_FRAME_BYTES: number = 4 * 1024 * 1024
const OUTPUT_BYTES = 256 * 1024

const compress = promisify<Uint8Array, object, Uint8Array<ArrayBuffer>>(zstdCompress)

/**
 * Compresses to zstd frames that tell their size, several at a time in zlib's thread pool. The output depends on the
 * bytes, the level and zstd alone.
 *
 * @see RFC 8878 section 3.1.1
 */
export async function* zstdBlocks(source: ByteStream, { level, parallel }: BlockOptions): ByteStream {
  const options = { chunkSize: OUTPUT_BYTES, params: { [constants.ZSTD_c_compressionLevel]: level } }
  yield* mapInOrder(atLeastOne(rechunk(source, ZSTD_FRAME_BYTES)), parallel, (block) => compress(block, options))
}

/** No bytes at all are one empty frame. */
async function* atLeastOne(blocks: ByteStream): ByteStream {
  let isEmpty = true
  for await (const block of blocks) {
    isEmpty = false
    yield block
  }
  if (isEmpty) yield new Uint8Array()
}
