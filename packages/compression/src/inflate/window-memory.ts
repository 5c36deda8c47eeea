import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads'

/** Under this key threads get the counters with their start, and so do other installed copies of this package. */
const KEY = 'drayage-zstd-windows'
const MIB = 2 ** 20

/** MiB that the windows of all zstd streams of a process take together, apart from small ones: one of the largest. */
const TOTAL_MIB = 512
/** Windows up to this size, which every level of zstd but the highest has, are not counted. */
const SMALL_MIB = 8

/** Where the counters are: MiB that are free, and then MiB that each thread has. */
const FREE = 0
const THREADS = 1024
const placeOf = (thread: number): number => 1 + (thread % THREADS)

function counters(): Int32Array<SharedArrayBuffer> {
  const found = getEnvironmentData(KEY)
  if (found instanceof SharedArrayBuffer) return new Int32Array(found)
  const made = new Int32Array(new SharedArrayBuffer(4 * (1 + THREADS)))
  made[FREE] = TOTAL_MIB
  setEnvironmentData(KEY, made.buffer)
  return made
}

/** Lets threads that start from now on share the memory of this one. */
export function shareWindowMemory(): void {
  counters()
}

/** Gives back what a thread had when it ended. */
export function reclaimWindowMemory(thread: number): void {
  const shared = counters()
  give(shared, Atomics.exchange(shared, placeOf(thread), 0))
}

function give(shared: Int32Array<SharedArrayBuffer>, mib: number): void {
  if (mib === 0) return
  Atomics.add(shared, FREE, mib)
  Atomics.notify(shared, FREE)
}

/**
 * What one zstd stream holds of the memory for windows, which all threads of a process share: hostile streams, a few
 * kilobytes each, could otherwise take half a gigabyte each at the same time.
 */
export class WindowMemory {
  readonly #shared = counters()
  #mib = 0

  /** Waits until there is room for a window of `bytes`; what the stream held for a smaller one is given back first. */
  async hold(bytes: number): Promise<void> {
    const wanted = Math.min(TOTAL_MIB, Math.ceil(bytes / MIB))
    if (wanted <= Math.max(SMALL_MIB, this.#mib)) return
    this.release()
    for (;;) {
      const free = Atomics.load(this.#shared, FREE)
      if (free < wanted) await Atomics.waitAsync(this.#shared, FREE, free).value
      else if (Atomics.compareExchange(this.#shared, FREE, free, free - wanted) === free) break
    }
    this.#mib = wanted
    Atomics.add(this.#shared, placeOf(threadId), wanted)
  }

  /** Gives back what the stream held. */
  release(): void {
    Atomics.sub(this.#shared, placeOf(threadId), this.#mib)
    give(this.#shared, this.#mib)
    this.#mib = 0
  }
}
