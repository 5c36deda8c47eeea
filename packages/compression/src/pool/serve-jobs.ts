import type { ByteStream } from '@drayage/bytes'
import v8 from 'node:v8'
import { parentPort, type MessagePort } from 'node:worker_threads'

import { collectGarbage } from './collect-garbage.ts'
import { JobInput } from './job-input.ts'
import { toWireError } from './wire-error.ts'
import { OUTPUT_CHUNKS_IN_FLIGHT, type FromWorker, type JobMap, type ToWorker } from './worker-protocol.ts'

/**
 * How much a thread's memory may grow by jobs before they clean up behind them, in bytes. What scavenges promote is
 * collected late: the old generation of a thread that measures layers with very many files would grow for dozens of them.
 */
const MOST_GARBAGE_BYTES = 4 * 1024 * 1024

/** What a job works with. */
export interface JobContext<Params> {
  /** The bytes given to the job; throws when the job is aborted. Its chunks belong to the job. */
  readonly input: ByteStream
  readonly params: Params
  /** Fires when the caller aborts, when its source fails and when it refuses output. */
  readonly signal: AbortSignal
  /**
   * Hands `chunk` to the caller; resolves when there is room for the next one. A chunk that fills its buffer is moved
   * there without a copy and must not be used afterwards.
   */
  emit(chunk: Uint8Array): Promise<void>
}

/** One function per job of the map. */
export type JobHandlers<Jobs extends JobMap> = {
  readonly [Job in keyof Jobs]: (context: JobContext<Jobs[Job]['params']>) => Promise<Jobs[Job]['result']>
}

interface Run {
  readonly id: number
  readonly input: JobInput
  readonly abort: AbortController
  outputCredit: number
  onCredit: (() => void) | undefined
}

/**
 * Serves the jobs of a `WorkerPool` in this worker thread, one at a time.
 *
 * @throws TypeError outside a worker thread
 */
export function serveJobs<Jobs extends JobMap>(handlers: JobHandlers<Jobs>): void {
  const port = parentPort
  if (port === null) throw new TypeError('Cannot serve jobs: this is the main thread, expected a worker thread')
  let current: Run | undefined
  let inUse = usedBytes()
  const tidy = (): void => {
    if (usedBytes() < inUse + MOST_GARBAGE_BYTES) return
    collectGarbage('major')
    inUse = usedBytes()
  }
  port.on('message', (message: ToWorker) => {
    if (message.type === 'start') {
      current = startRun(port, message.run)
      void perform(port, current, handlers, message.job, message.params).then(tidy)
    } else if (current?.id === message.run) {
      deliver(current, message)
    }
  })
}

/** What the thread has on its heap, garbage too, and beside it. */
function usedBytes(): number {
  const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics()
  return heap + external
}

function startRun(port: MessagePort, id: number): Run {
  const onTaken = (): void => port.postMessage({ type: 'taken', run: id } satisfies FromWorker)
  return {
    id,
    input: new JobInput(onTaken),
    abort: new AbortController(),
    outputCredit: OUTPUT_CHUNKS_IN_FLIGHT,
    onCredit: undefined,
  }
}

function deliver(run: Run, message: Exclude<ToWorker, { type: 'start' }>): void {
  if (message.type === 'input') run.input.push(message.block)
  else if (message.type === 'end') run.input.end()
  else if (message.type === 'used') {
    run.outputCredit += 1
    run.onCredit?.()
  } else {
    run.abort.abort()
    run.input.fail(run.abort.signal.reason)
    run.onCredit?.()
  }
}

async function perform<Jobs extends JobMap>(
  port: MessagePort,
  run: Run,
  handlers: JobHandlers<Jobs>,
  job: string,
  params: unknown,
): Promise<void> {
  let outcome: FromWorker
  try {
    const handler = Object.hasOwn(handlers, job) ? handlers[job] : undefined
    if (handler === undefined) throw new TypeError(`Cannot run job "${job}": the worker serves no such job`)
    const { signal } = run.abort
    const result = await handler({ input: run.input, params, signal, emit: (chunk) => emit(port, run, chunk) })
    outcome = { type: 'result', run: run.id, result }
  } catch (error) {
    outcome = { type: 'error', run: run.id, error: toWireError(error) }
  }
  run.input.drop()
  port.postMessage(outcome)
}

async function emit(port: MessagePort, run: Run, chunk: Uint8Array): Promise<void> {
  while (run.outputCredit === 0 && !run.abort.signal.aborted) {
    await new Promise<void>((resolve) => (run.onCredit = resolve))
  }
  run.abort.signal.throwIfAborted()
  run.outputCredit -= 1
  const isWhole = chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer
  const own = isWhole ? chunk : new Uint8Array(chunk)
  port.postMessage({ type: 'output', run: run.id, chunk: own } satisfies FromWorker, [own.buffer as ArrayBuffer])
}
