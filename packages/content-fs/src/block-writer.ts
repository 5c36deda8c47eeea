import { freeBuffer } from '@drayage/bytes'
import type { FileHandle } from 'node:fs/promises'

/** How much is written at once. */
export const WRITE_BYTES = 524_288

/** How many bytes are written before the disk is asked to take them, so that little is left to do at a commit. */
const SYNC_BYTES = 64 * 1_048_576

/** Writes bytes to a file in blocks, one write at a time, while the next block fills. */
export interface BlockWriter {
  /** Takes the bytes; the array is free for reuse once this resolves. */
  write(chunk: Uint8Array): Promise<void>
  /** Writes what is left, waits for it, and frees what was written with. */
  flush(): Promise<void>
}

/** What a writer reports to. */
export interface BlockWriterOptions {
  /** Where in the file to begin. */
  readonly start: number
  /** Called with each block while it is being written. */
  readonly onBlock: (block: Uint8Array) => void
  /** Called with the position up to which the file is written, also up to a failure. */
  readonly onWritten: (position: number) => void
  /** Called now and then to start syncing what is written. */
  readonly onSyncDue: () => void
}

/** Creates a writer that continues at `start`. After a failure it must not be used again. */
export function createBlockWriter(handle: FileHandle, options: BlockWriterOptions): BlockWriter {
  let filling: Uint8Array<ArrayBuffer> | undefined
  let spare: Uint8Array<ArrayBuffer> | undefined
  let used = 0
  let position = options.start
  let syncedAt = options.start
  let writing: Promise<void> = Promise.resolve()

  const writeOut = async (block: Uint8Array): Promise<void> => {
    for (let done = 0; done < block.byteLength;) {
      const { bytesWritten } = await handle.write(block, done, block.byteLength - done, position)
      done += bytesWritten
      position += bytesWritten
      options.onWritten(position)
    }
    if (position - syncedAt >= SYNC_BYTES) {
      syncedAt = position
      options.onSyncDue()
    }
  }
  const startBlock = async (): Promise<void> => {
    await writing
    if (filling === undefined) return
    const block = filling.subarray(0, used)
    writing = writeOut(block)
    writing.catch(() => {})
    options.onBlock(block)
    const written = spare
    spare = filling
    filling = written
    used = 0
  }

  return {
    async write(chunk) {
      for (let taken = 0; taken < chunk.byteLength;) {
        filling ??= new Uint8Array(Buffer.allocUnsafeSlow(WRITE_BYTES).buffer)
        const part = chunk.subarray(taken, taken + filling.byteLength - used)
        filling.set(part, used)
        used += part.byteLength
        taken += part.byteLength
        if (used === filling.byteLength) await startBlock()
      }
    },
    async flush() {
      if (used > 0) await startBlock()
      await writing
      // They are old enough to wait for a collection of the old generation, which comes late.
      for (const block of [filling, spare]) if (block !== undefined) freeBuffer(block)
      filling = undefined
      spare = undefined
    },
  }
}
