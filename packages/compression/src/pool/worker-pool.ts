import type { AbortOptions, ByteStream } from '@drayage/bytes'

import { WorkerPoolClosedError } from '../errors.ts'
import { PoolWorker } from './pool-worker.ts'
import type { ErrorTypes } from './wire-error.ts'
import type { JobMap } from './worker-protocol.ts'

/** How long a thread waits for its next job by default, in milliseconds, before it ends and gives back its memory. */
const DEFAULT_IDLE_MS = 10_000

/** Options of {@link createWorkerPool}. */
export interface WorkerPoolOptions {
  /** The module that each worker thread runs; it calls `serveJobs`. */
  readonly url: URL
  /** Most worker threads at a time. */
  readonly size: number
  /** Error classes by code; errors of jobs become instances of them. By default they are plain errors of the same name. */
  readonly errorTypes?: ErrorTypes
  /** How long a thread without a job is kept for the next one, in milliseconds; 10 s by default. */
  readonly idleMs?: number | undefined
}

/** Options of {@link WorkerPool.run}. */
export interface RunJobOptions extends AbortOptions {
  /**
   * Whether the arrays of `input` are given away: the pool empties them instead of copying them, which saves time and
   * memory. `false` by default.
   */
  readonly ownsInput?: boolean | undefined
  /** Takes each chunk of output; the next ones wait in the worker, apart from a few, until its promise resolves. */
  readonly onOutput?: ((chunk: Uint8Array) => void | Promise<void>) | undefined
}

/**
 * Worker threads that run jobs, one each at a time. Threads start when first needed, are reused, do not keep the program
 * alive while they have no job, and end when they have had none for a while.
 */
export interface WorkerPool<Jobs extends JobMap> extends AsyncDisposable {
  /**
   * Runs a job as soon as a thread is free; `input` is not read before. The bytes of `input` are taken, a few blocks
   * ahead of the job. An abort rejects at once; the thread takes the next job when it has cleaned up this one.
   *
   * @throws WorkerCrashedError `ERR_WORKER_CRASHED` when the thread ends; another takes its place
   * @throws WorkerPoolClosedError `ERR_WORKER_POOL_CLOSED` when the pool is disposed
   * @throws any error of `input`, of `onOutput` and of the job
   */
  run<Job extends keyof Jobs & string>(
    job: Job,
    input: ByteStream | undefined,
    params: Jobs[Job]['params'],
    options?: RunJobOptions,
  ): Promise<Jobs[Job]['result']>
}

/**
 * Makes a pool of worker threads; disposing it ends them and the jobs that they have.
 *
 * @throws RangeError when `size` is not a positive integer
 */
export function createWorkerPool<Jobs extends JobMap>(options: WorkerPoolOptions): WorkerPool<Jobs> {
  const { size } = options
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`Cannot create the worker pool: size is ${size}, expected a positive integer`)
  }
  return new Pool(options)
}

interface Waiter {
  readonly job: string
  resolve(): void
  reject(error: unknown): void
}

class Pool<Jobs extends JobMap> implements WorkerPool<Jobs> {
  readonly #options: WorkerPoolOptions
  readonly #workers = new Set<PoolWorker>()
  readonly #waiters: Waiter[] = []
  /** Threads without a job, with the timers that end them; the last one used is the next one used. */
  readonly #idle = new Map<PoolWorker, NodeJS.Timeout>()
  #freeSlots: number
  #isClosed = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#freeSlots = options.size
  }

  async run<Job extends keyof Jobs & string>(
    job: Job,
    input: ByteStream | undefined,
    params: Jobs[Job]['params'],
    options: RunJobOptions = {},
  ): Promise<Jobs[Job]['result']> {
    const { signal, onOutput, ownsInput = false } = options
    try {
      // Not awaited when a slot is free, so that disposing in the same turn finds the job.
      const queued = this.#takeSlot(job, signal)
      if (queued !== undefined) await queued
    } catch (error) {
      await input?.[Symbol.asyncIterator]().return?.()
      throw error
    }
    const worker = this.#takeWorker()
    const running = worker.run({
      job,
      input,
      ownsInput,
      params,
      signal,
      onOutput,
      errorTypes: this.#options.errorTypes,
    })
    void running.idle.then(() => this.#release(worker))
    return running.result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#idle.values()) clearTimeout(timer)
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new WorkerPoolClosedError(waiter.job))
    await Promise.all([...this.#workers].map((worker) => worker.close((job) => new WorkerPoolClosedError(job))))
  }

  /** Takes a slot at once, or gives a promise of one. */
  #takeSlot(job: string, signal: AbortSignal | undefined): Promise<void> | undefined {
    signal?.throwIfAborted()
    if (this.#isClosed) throw new WorkerPoolClosedError(job)
    if (this.#freeSlots > 0) {
      this.#freeSlots -= 1
      return undefined
    }
    return this.#waitForSlot(job, signal)
  }

  async #waitForSlot(job: string, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { job, resolve, reject }
    this.#waiters.push(waiter)
    const onAbort = (): void => {
      const index = this.#waiters.indexOf(waiter)
      if (index < 0) return
      this.#waiters.splice(index, 1)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    await promise.finally(() => signal?.removeEventListener('abort', onAbort))
    if (this.#isClosed) throw new WorkerPoolClosedError(job)
  }

  #takeWorker(): PoolWorker {
    for (const [worker, timer] of [...this.#idle].toReversed()) {
      clearTimeout(timer)
      this.#idle.delete(worker)
      if (worker.isAlive) return worker
      this.#workers.delete(worker)
    }
    const worker = new PoolWorker(this.#options.url)
    this.#workers.add(worker)
    return worker
  }

  #release(worker: PoolWorker): void {
    if (worker.isAlive) this.#keep(worker)
    else this.#workers.delete(worker)
    const next = this.#waiters.shift()
    if (next === undefined) this.#freeSlots += 1
    else next.resolve()
  }

  #keep(worker: PoolWorker): void {
    const end = async (): Promise<void> => {
      this.#idle.delete(worker)
      await worker.close((job) => new WorkerPoolClosedError(job))
      this.#workers.delete(worker)
    }
    this.#idle.set(worker, setTimeout(() => void end(), this.#options.idleMs ?? DEFAULT_IDLE_MS).unref())
  }
}
