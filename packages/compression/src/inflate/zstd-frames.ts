import type { ByteStream } from '@drayage/bytes'

import { CompressedDataError, CompressionLimitError } from '../errors.ts'
import type { WindowMemory } from './window-memory.ts'

/** The fields of a zstd stream; those up to `skipSize` are read, the others are only counted. */
type Field = 'magic' | 'descriptor' | 'header' | 'blockHeader' | 'skipSize' | 'block' | 'checksum' | 'skip'

const FRAME_MAGIC: Uint8Array = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)
const READ_FIELDS: ReadonlySet<Field> = new Set(['magic', 'descriptor', 'header', 'blockHeader', 'skipSize'])

/**
 * Yields the bytes of a zstd stream cut at the ends of its frames, without skippable frames: no chunk holds bytes of two
 * frames. A frame with a large window waits until there is room for it in `memory`, which the caller releases with the
 * decoder. Node's decoder loses what follows the end of a frame within one chunk, and may take a cut stream for a whole
 * one; fed with these chunks it does neither.
 *
 * @throws CompressedDataError `ERR_COMPRESSED_DATA` for a stream that ends within a frame and for bytes that are not a frame
 * @throws CompressionLimitError `ERR_COMPRESSION_LIMIT` for a frame that needs a larger window than `maxWindowBytes`
 * @see RFC 8878 section 3.1
 */
export async function* zstdFrames(source: ByteStream, maxWindowBytes: number, memory: WindowMemory): ByteStream {
  const walker = new FrameWalker(maxWindowBytes)
  for await (const chunk of source) {
    for (const part of walker.cut(chunk)) {
      await memory.hold(walker.windowBytes)
      yield part
    }
  }
  walker.finish()
}

class FrameWalker {
  readonly #maxWindowBytes: number
  #field: Field = 'magic'
  /** Bytes of the field that are still to come. */
  #left = 4
  #bytes: number[] = []
  #hasChecksum = false
  #isLastBlock = false
  #frames = 0
  #windowBytes = 0

  constructor(maxWindowBytes: number) {
    this.#maxWindowBytes = maxWindowBytes
  }

  /** The largest window of the frames so far. */
  get windowBytes(): number {
    return this.#windowBytes
  }

  /** The parts of `chunk` that belong to frames. */
  *cut(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    let start = this.#inFrame() ? 0 : undefined
    let offset = 0
    while (offset < chunk.byteLength) {
      const end = Math.min(offset + this.#left, chunk.byteLength)
      if (READ_FIELDS.has(this.#field)) this.#bytes.push(...chunk.subarray(offset, end))
      this.#left -= end - offset
      offset = end
      while (this.#left === 0) {
        const wasInFrame = this.#inFrame()
        this.#advance()
        if (wasInFrame && !this.#inFrame()) {
          yield chunk.subarray(start, offset)
          start = undefined
        } else if (!wasInFrame && this.#inFrame()) {
          start = offset - FRAME_MAGIC.byteLength
          if (start < 0) {
            yield FRAME_MAGIC.slice()
            start = offset
          }
        }
      }
    }
    if (start !== undefined && start < chunk.byteLength) yield chunk.subarray(start)
  }

  /** Checks that the stream may end here. */
  finish(): void {
    if (this.#field === 'magic' && this.#bytes.length === 0) return
    const isTrailing = this.#field === 'magic' && this.#frames > 0
    if (isTrailing) throw new CompressedDataError('zstd', 'trailing', 'more bytes follow its last frame')
    throw new CompressedDataError('zstd', 'truncated', 'it ends within a frame')
  }

  #inFrame(): boolean {
    return this.#field !== 'magic' && this.#field !== 'skipSize' && this.#field !== 'skip'
  }

  #expect(field: Field, length: number): void {
    this.#field = field
    this.#left = length
    this.#bytes = []
  }

  #advance(): void {
    if (this.#field === 'magic') this.#readMagic()
    else if (this.#field === 'descriptor') this.#readDescriptor()
    else if (this.#field === 'header') this.#readHeader()
    else if (this.#field === 'blockHeader') this.#readBlockHeader()
    else if (this.#field === 'skipSize') this.#expect('skip', littleEndian(this.#bytes))
    else if (this.#field === 'block' && !this.#isLastBlock) this.#expect('blockHeader', 3)
    else if (this.#field === 'block' && this.#hasChecksum) this.#expect('checksum', 4)
    else this.#expect('magic', 4)
  }

  #readMagic(): void {
    const isSkippable = (littleEndian(this.#bytes) & 0xfffffff0) === 0x184d2a50
    const isFrame = FRAME_MAGIC.every((byte, index) => byte === this.#bytes[index])
    if (!isSkippable && !isFrame) {
      if (this.#frames === 0) throw new CompressedDataError('zstd', 'corrupt', 'it does not start with a frame')
      throw new CompressedDataError('zstd', 'trailing', 'more bytes follow its last frame')
    }
    this.#frames += 1
    if (isFrame) this.#expect('descriptor', 1)
    else this.#expect('skipSize', 4)
  }

  #readDescriptor(): void {
    const layout = headerLayout(this.#bytes[0] ?? 0)
    this.#hasChecksum = layout.hasChecksum
    const length = layout.windowLength + layout.dictionaryLength + layout.sizeLength
    const descriptor = this.#bytes
    this.#expect('header', length)
    // The descriptor says where the fields of the header are.
    this.#bytes = descriptor
  }

  #readHeader(): void {
    const needed = windowBytes(this.#bytes)
    if (needed > this.#maxWindowBytes) {
      throw new CompressionLimitError(
        'maxWindowBytes',
        this.#maxWindowBytes,
        `a frame needs a window of ${needed} bytes`,
      )
    }
    this.#windowBytes = Math.max(this.#windowBytes, needed)
    this.#expect('blockHeader', 3)
  }

  #readBlockHeader(): void {
    const value = littleEndian(this.#bytes)
    const type = (value >> 1) & 3
    if (type === 3) throw new CompressedDataError('zstd', 'corrupt', 'it holds a block of a reserved type')
    this.#isLastBlock = (value & 1) === 1
    this.#expect('block', type === 1 ? 1 : value >> 3)
  }
}

function headerLayout(descriptor: number): {
  hasChecksum: boolean
  windowLength: number
  dictionaryLength: number
  sizeLength: number
} {
  const isSingleSegment = (descriptor & 0x20) !== 0
  return {
    hasChecksum: (descriptor & 0x04) !== 0,
    windowLength: isSingleSegment ? 0 : 1,
    dictionaryLength: [0, 1, 2, 4][descriptor & 3] ?? 0,
    sizeLength: [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0,
  }
}

/** How much of its own output the decoder of this frame has to remember. */
function windowBytes(header: readonly number[]): number {
  const layout = headerLayout(header[0] ?? 0)
  if (layout.windowLength === 1) {
    const descriptor = header[1] ?? 0
    const base = 2 ** (10 + (descriptor >> 3))
    return base + (base / 8) * (descriptor & 7)
  }
  const size = littleEndian(header.slice(1 + layout.dictionaryLength))
  return layout.sizeLength === 2 ? size + 256 : size
}

function littleEndian(bytes: readonly number[]): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0)
}
