import { abortable, type AbortOptions, type ByteStream } from '@drayage/bytes'

/** How much is written at once. */
export const OUTPUT_BLOCK_BYTES = 1_048_576

/** A chunk from this size on is written as it is; smaller ones are joined, since each write has its price. */
const DIRECT_BYTES = OUTPUT_BLOCK_BYTES

/** Options of {@link writeBlocks}. */
export interface WriteBlocksOptions extends AbortOptions {
  /** Called with each block in order while it is being written, such as to hash it. */
  readonly onBlock?: (block: Uint8Array) => void
}

/**
 * Writes a stream in large blocks, one write at a time, while the next block fills. Resolves to the number of bytes once
 * all are written, and writes what came before a failure of `source`. `source` is closed and no write is in flight when it
 * settles.
 */
export async function writeBlocks(
  source: ByteStream,
  write: (block: Uint8Array) => Promise<void>,
  options: WriteBlocksOptions = {},
): Promise<number> {
  const { onBlock = (): void => {} } = options
  let filling: Uint8Array | undefined
  let spare: Uint8Array | undefined
  let used = 0
  let total = 0
  let writing: Promise<void> = Promise.resolve()

  const start = async (block: Uint8Array): Promise<void> => {
    await writing
    writing = write(block)
    writing.catch(() => {})
    total += block.byteLength
    onBlock(block)
  }
  const flush = async (): Promise<void> => {
    if (filling === undefined || used === 0) return
    await start(filling.subarray(0, used))
    ;[filling, spare, used] = [spare, filling, 0]
  }

  try {
    for await (const chunk of abortable(source, options)) {
      if (chunk.byteLength >= DIRECT_BYTES) {
        await flush()
        await start(chunk)
        // The array belongs to its source again with the next step.
        await writing
        continue
      }
      for (let taken = 0; taken < chunk.byteLength;) {
        filling ??= new Uint8Array(OUTPUT_BLOCK_BYTES)
        const part = chunk.subarray(taken, taken + OUTPUT_BLOCK_BYTES - used)
        filling.set(part, used)
        used += part.byteLength
        taken += part.byteLength
        if (used === OUTPUT_BLOCK_BYTES) await flush()
      }
    }
    await flush()
    await writing
    return total
  } catch (error) {
    // What came before a failure of the source is written too; after a failure of a write, this fails again.
    await flush().catch(() => {})
    throw error
  } finally {
    await writing.catch(() => {})
  }
}
