import type { ByteStream } from '@drayage/bytes'

import { InputPump } from './pump-input.ts'
import { fromWireError, type ErrorTypes } from './wire-error.ts'
import type { FromWorker, ToWorker } from './worker-protocol.ts'

/** What a job is, from the side of the pool. */
export interface JobRequest {
  readonly job: string
  readonly input: ByteStream | undefined
  readonly ownsInput: boolean
  readonly params: unknown
  readonly signal: AbortSignal | undefined
  readonly onOutput: ((chunk: Uint8Array) => void | Promise<void>) | undefined
  readonly errorTypes: ErrorTypes | undefined
}

/** One job on one worker thread. */
export class PoolJob {
  /** The outcome for the caller. */
  readonly result: Promise<unknown>
  /** Resolves when the worker is done with the job, which after an abort is later than the outcome. */
  readonly idle: Promise<void>
  readonly #request: JobRequest
  readonly #run: number
  readonly #post: (message: ToWorker, transfer: readonly ArrayBuffer[]) => void
  readonly #pump: InputPump | undefined
  readonly #settle: PromiseWithResolvers<unknown> = Promise.withResolvers()
  readonly #finished: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #onAbort: () => void
  #outputs: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #isOver = false

  constructor(run: number, request: JobRequest, post: (message: ToWorker, transfer: readonly ArrayBuffer[]) => void) {
    this.#run = run
    this.#request = request
    this.#post = post
    this.result = this.#settle.promise
    this.idle = this.#finished.promise
    this.#onAbort = () => {
      this.#fail(request.signal?.reason)
      this.#settle.reject(request.signal?.reason)
    }
    if (request.input === undefined) return
    this.#pump = new InputPump(request.input, {
      ownsChunks: request.ownsInput,
      send: (block) => post({ type: 'input', run, block }, [block.buffer]),
      end: () => post({ type: 'end', run }, []),
      fail: (error) => this.#fail(error),
    })
  }

  start(): void {
    const { job, params, signal } = this.#request
    this.#post({ type: 'start', run: this.#run, job, params }, [])
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (signal?.aborted === true) this.#onAbort()
    else if (this.#pump === undefined) this.#post({ type: 'end', run: this.#run }, [])
    else void this.#pump.run()
  }

  /** Takes in a message of the worker. */
  deliver(message: FromWorker): void {
    if (message.run !== this.#run || this.#isOver) return
    if (message.type === 'taken') this.#pump?.taken()
    else if (message.type === 'output') this.#output(message.chunk)
    else if (message.type === 'result') this.#finish(undefined, message.result)
    else this.#finish({ error: fromWireError(message.error, this.#request.errorTypes) }, undefined)
  }

  /** The worker is gone. */
  crash(error: Error): void {
    if (!this.#isOver) this.#finish({ error }, undefined)
  }

  #output(chunk: Uint8Array): void {
    this.#outputs = this.#outputs.then(async () => {
      if (this.#failure !== undefined) return
      try {
        await this.#request.onOutput?.(chunk)
        if (!this.#isOver) this.#post({ type: 'used', run: this.#run }, [])
      } catch (error) {
        this.#fail(error)
      }
    })
  }

  /** Ends the job in the worker; the caller learns `error` when the worker has cleaned up. */
  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = { error }
    if (!this.#isOver) this.#post({ type: 'abort', run: this.#run }, [])
    void this.#pump?.stop()
  }

  #finish(failure: { readonly error: unknown } | undefined, result: unknown): void {
    this.#isOver = true
    this.#finished.resolve()
    const close = async (): Promise<void> => {
      // What the worker sent before a result is used before the result is known.
      if (failure === undefined) await this.#outputs
      await this.#pump?.stop()
      this.#request.signal?.removeEventListener('abort', this.#onAbort)
      const final = this.#failure ?? failure
      if (final === undefined) this.#settle.resolve(result)
      else this.#settle.reject(final.error)
    }
    void close()
  }
}
