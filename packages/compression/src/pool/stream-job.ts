import type { AbortOptions, ByteStream } from '@drayage/bytes'

import type { WorkerPool } from './worker-pool.ts'
import type { JobMap } from './worker-protocol.ts'

/** The output of a job as a stream, and its result. */
export interface StreamJob<Result> {
  readonly stream: ByteStream
  readonly result: Promise<Result>
}

/** What a job works with. */
export interface StreamJobOptions<Params> extends AbortOptions {
  readonly params: Params
}

/**
 * Runs a job whose output is read as a stream: it starts with the first read, waits for its reader, and ends when that
 * stops early. `result` settles at the end of `stream` and rejects with the error that `stream` throws.
 */
export function streamJob<Jobs extends JobMap, Job extends keyof Jobs & string>(
  pool: WorkerPool<Jobs>,
  job: Job,
  source: ByteStream,
  options: StreamJobOptions<Jobs[Job]['params']>,
): StreamJob<Jobs[Job]['result']> {
  const { signal, params } = options
  const result = Promise.withResolvers<Jobs[Job]['result']>()
  result.promise.catch(() => {})
  const stopped = new AbortController()

  async function* read(): ByteStream {
    const stop = signal === undefined ? stopped.signal : AbortSignal.any([signal, stopped.signal])
    const handOver = new HandOver()
    const running = pool.run(job, source, params, { signal: stop, onOutput: (chunk) => handOver.put(chunk) })
    running.then(result.resolve, result.reject)
    running.then(
      () => handOver.end(),
      () => handOver.end(),
    )
    try {
      for (let chunk = await handOver.take(); chunk !== undefined; chunk = await handOver.take()) yield chunk
      await running
    } finally {
      stopped.abort()
    }
  }
  return { stream: read(), result: result.promise }
}

/** One chunk at a time from a producer to a consumer, which both wait for each other. */
class HandOver {
  #chunk: Uint8Array | undefined
  #ended = false
  #onTake: (() => void) | undefined
  #onPut: (() => void) | undefined

  async put(chunk: Uint8Array): Promise<void> {
    this.#chunk = chunk
    this.#onPut?.()
    await new Promise<void>((resolve) => (this.#onTake = resolve))
  }

  end(): void {
    this.#ended = true
    this.#onPut?.()
  }

  async take(): Promise<Uint8Array | undefined> {
    while (this.#chunk === undefined && !this.#ended) await new Promise<void>((resolve) => (this.#onPut = resolve))
    const chunk = this.#chunk
    this.#chunk = undefined
    this.#onTake?.()
    return chunk
  }
}
