import type { ByteStream } from '@drayage/bytes'

import { CompressedDataError } from '../errors.ts'
import { BitInput } from './bit-input.ts'
import { damaged, readBlock, type SortedBlock } from './bunzip2-block.ts'

/** Bytes of the blocks that come out. */
const OUTPUT_BYTES = 262_144
/** No block takes more bytes for each 100 kB that it stands for: 20 bits for each byte, and its tables. */
const MOST_BYTES_PER_LEVEL = 300_000
const BLOCK_START = 0x314159
const STREAM_END = 0x177245

/**
 * Inflates bzip2 streams, one after another, and checks the checksums of each. Holds one block: 3.6 MB for its bytes, and as
 * much of the input as it could need.
 *
 * @throws CompressedDataError `ERR_COMPRESSED_DATA`
 */
export async function* bunzip2(source: ByteStream): ByteStream {
  const input = new BitInput()
  const chunks = source[Symbol.asyncIterator]()
  let isAtEnd = false
  const fill = async (wanted: number): Promise<void> => {
    const waiting: Uint8Array[] = []
    let length = input.left
    while (!isAtEnd && length < wanted) {
      const next = await chunks.next()
      isAtEnd = next.done === true
      if (next.done === true) break
      waiting.push(next.value)
      length += next.value.byteLength
    }
    if (waiting.length > 0) input.push(Buffer.concat(waiting))
  }
  try {
    for (let streams = 0; ; streams++) {
      await fill(4)
      if (streams > 0 && input.left === 0) return
      const level = readLevel(input, streams > 0)
      const room = new Uint32Array(level * 100_000)
      let checksum = 0
      for (;;) {
        await fill(level * MOST_BYTES_PER_LEVEL)
        const magic = input.read(24) === BLOCK_START ? BLOCK_START : STREAM_END
        const rest = input.read(24)
        const stated = input.readWord()
        if (input.isOverrun) throw new CompressedDataError('bzip2', 'truncated', 'it ends too early')
        if (magic === STREAM_END) {
          if (rest !== 0x385090) throw damaged('other bytes where a block begins')
          if (stated !== checksum) throw damaged('another checksum than it states')
          input.align()
          break
        }
        if (rest !== 0x265359) throw damaged('other bytes where a block begins')
        const found = yield* expand(blockOf(input, room))
        if (found !== stated) throw damaged('a block with another checksum than it states')
        checksum = (((checksum << 1) | (checksum >>> 31)) ^ found) >>> 0
      }
    }
  } finally {
    await chunks.return?.()
  }
}

/** A block; what looks damaged where the input has ended is the end. */
function blockOf(input: BitInput, room: Uint32Array): SortedBlock {
  try {
    return readBlock(input, room)
  } catch (cause) {
    if (!input.isOverrun) throw cause
    throw new CompressedDataError('bzip2', 'truncated', 'it ends too early', { cause })
  }
}

/** The level of a stream, 1 to 9: hundreds of thousands of bytes in a block. */
function readLevel(input: BitInput, isLater: boolean): number {
  const isStart = input.read(24) === 0x425a68
  const level = input.read(8) - 0x30
  if (isStart && input.isOverrun) throw new CompressedDataError('bzip2', 'truncated', 'it ends too early')
  if (isStart && level >= 1 && level <= 9) return level
  if (isLater) throw new CompressedDataError('bzip2', 'trailing', 'more bytes follow its end')
  throw damaged('no level')
}

/** Follows the links of a block and writes out its runs: four equal bytes and how often that one comes again. Gives its checksum. */
function* expand({ links, length, origin }: SortedBlock): Generator<Uint8Array, number, void> {
  let output = new Uint8Array(OUTPUT_BYTES)
  let filled = 0
  let checksum = -1
  let next = (links[origin] ?? 0) >>> 8
  let [previous, equal] = [-1, 0]
  for (let at = 0; at < length; at++) {
    const entry = links[next] ?? 0
    next = entry >>> 8
    const byte = entry & 0xff
    if (equal === 4) {
      for (let left = byte; left > 0; left--) {
        checksum = (checksum << 8) ^ (TABLE[((checksum >>> 24) ^ previous) & 0xff] ?? 0)
        output[filled++] = previous
        if (filled === OUTPUT_BYTES) {
          yield output
          output = new Uint8Array(OUTPUT_BYTES)
          filled = 0
        }
      }
      equal = 0
      previous = -1
      continue
    }
    equal = byte === previous ? equal + 1 : 1
    previous = byte
    checksum = (checksum << 8) ^ (TABLE[((checksum >>> 24) ^ byte) & 0xff] ?? 0)
    output[filled++] = byte
    if (filled === OUTPUT_BYTES) {
      yield output
      output = new Uint8Array(OUTPUT_BYTES)
      filled = 0
    }
  }
  if (filled > 0) yield output.subarray(0, filled)
  return ~checksum >>> 0
}

/** CRC-32 with the highest bit first, as bzip2 has it; that of zlib has the lowest first. */
const TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0)
  return value
})
