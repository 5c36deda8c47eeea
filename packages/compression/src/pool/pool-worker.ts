import { Worker } from 'node:worker_threads'

import { WorkerCrashedError } from '../errors.ts'
import { reclaimWindowMemory, shareWindowMemory } from '../inflate/window-memory.ts'
import { PoolJob, type JobRequest } from './pool-job.ts'
import type { FromWorker } from './worker-protocol.ts'

/**
 * Megabytes of a thread's young generation. Blocks that a job has used are freed when the young generation is collected, so
 * a small one bounds how many wait for that; the threads make few other objects.
 */
const YOUNG_GENERATION_MB = 3

/**
 * Megabytes of a thread's old generation. Without a bound it grows as long as the machine has memory, since what a job makes,
 * such as an object for each entry of a tar, is collected late. No job keeps more than a few megabytes.
 */
const OLD_GENERATION_MB = 64

/** One worker thread: starts at once, runs one job at a time, keeps the program alive only while it has one. */
export class PoolWorker {
  readonly #worker: Worker
  #runs = 0
  #job: { readonly name: string; readonly job: PoolJob } | undefined
  #isAlive = true
  #ending: Error | undefined
  #cause: unknown

  constructor(url: URL) {
    shareWindowMemory()
    // Flags of the program may not fit a thread: `--input-type` of `node -e` makes its start fail.
    this.#worker = new Worker(url, {
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB, maxOldGenerationSizeMb: OLD_GENERATION_MB },
    })
    this.#worker.unref()
    this.#worker.on('message', (message: FromWorker) => this.#job?.job.deliver(message))
    this.#worker.on('messageerror', (error) => void this.#lose(error))
    this.#worker.on('error', (error) => {
      this.#cause = error
      this.#isAlive = false
    })
    const { threadId } = this.#worker
    this.#worker.on('exit', (exitCode) => {
      reclaimWindowMemory(threadId)
      this.#onExit(exitCode)
    })
  }

  /** Whether the thread can take a job. */
  get isAlive(): boolean {
    return this.#isAlive
  }

  run(request: JobRequest): PoolJob {
    const job = new PoolJob(++this.#runs, request, (message, transfer) => this.#worker.postMessage(message, transfer))
    this.#job = { name: request.job, job }
    this.#worker.ref()
    void job.idle.then(() => {
      this.#job = undefined
      // A thread that is being ended keeps the program alive until it has ended, or awaiting that would never return.
      if (this.#isAlive) this.#worker.unref()
    })
    try {
      job.start()
    } catch (error) {
      // Parameters that cannot be cloned.
      job.crash(error instanceof Error ? error : new Error('Cannot start the job', { cause: error }))
    }
    return job
  }

  /** Ends the thread; a job that it has rejects with `reason`. */
  async close(reason: (job: string) => Error): Promise<void> {
    if (this.#job !== undefined) this.#ending = reason(this.#job.name)
    this.#isAlive = false
    this.#worker.ref()
    await this.#worker.terminate()
  }

  async #lose(cause: unknown): Promise<void> {
    this.#cause = cause
    this.#isAlive = false
    await this.#worker.terminate()
  }

  #onExit(exitCode: number): void {
    this.#isAlive = false
    const lost = this.#job
    if (lost === undefined) return
    lost.job.crash(this.#ending ?? crash(lost.name, exitCode, this.#cause))
  }
}

/** The code of a thread that the system let nobody start, for want of descriptors or memory. */
const NOT_STARTED = 'ERR_WORKER_INIT_FAILED'

function crash(job: string, exitCode: number, cause: unknown): WorkerCrashedError {
  if (!(cause instanceof Error)) return new WorkerCrashedError(job, `ended with exit code ${exitCode}`, { cause })
  const said = cause.message.slice(0, 300)
  if (!('code' in cause) || cause.code !== NOT_STARTED) return new WorkerCrashedError(job, `failed: ${said}`, { cause })
  const hint = 'Close some files, or raise the limit (ulimit -n).'
  return new WorkerCrashedError(job, `cannot be started: ${said}`, { cause, hint })
}
