import { abortable, type AbortOptions, type ByteStream, freeBuffer, rechunk } from '@drayage/bytes'

import { createSpool } from './spool.ts'
import type { SpoolMemory } from './spool-memory.ts'
import { BLOCK_BYTES } from './write-blocks.ts'

/** Options of {@link prefetch}. */
export interface PrefetchOptions extends AbortOptions {
  /** Where bytes go that do not fit in memory. */
  readonly directory: string
  readonly memory: SpoolMemory
}

/** A stream that is being read before anyone takes its bytes. */
export interface Prefetch extends AsyncDisposable {
  /** What was read so far and then the rest, straight from the source; single-use. Each array is empty with the next step. */
  take(): ByteStream
  /** Reads to the end of the source before anyone takes its bytes, and resolves to the size. */
  size(): Promise<number>
}

/** Starts to read `source`; its bytes wait in a spool until they are taken. */
export function prefetch(source: ByteStream, options: PrefetchOptions): Prefetch {
  const spool = createSpool(options.directory, options.memory)
  const iterator = rechunk(abortable(source, options), BLOCK_BYTES)[Symbol.asyncIterator]()
  let isTaken = false
  let isDone = false

  const pump = async (): Promise<void> => {
    while (!isTaken) {
      const next = await iterator.next()
      if (next.done === true) {
        isDone = true
        return
      }
      await spool.append(next.value)
    }
  }
  const pumping = pump()
  pumping.catch(() => {})

  return {
    async *take() {
      isTaken = true
      await pumping
      yield* spool.read()
      while (!isDone) {
        const next = await iterator.next()
        if (next.done === true) {
          isDone = true
          return
        }
        yield next.value
        freeBuffer(next.value)
      }
    },
    async size() {
      await pumping
      return spool.size
    },
    async [Symbol.asyncDispose]() {
      isTaken = true
      await pumping.catch(() => {})
      await iterator.return?.()
      await spool[Symbol.asyncDispose]()
    },
  }
}
