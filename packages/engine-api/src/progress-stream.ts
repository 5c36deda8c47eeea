import { encodeText, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import { EngineRequestError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { failureOf, isOfInput, isUnexpected } from './failure.ts'
import { LineQueue } from './line-queue.ts'
import type { ProgressLine } from './progress-line.ts'

/** Options of {@link progressResponse}. */
export interface ProgressOptions {
  /** Whether a failure before the first line is a line too, and not an HTTP status; `false` by default. */
  readonly alwaysStreams?: boolean
  /** Whether the work is on what the client sends, so that an error that tells of it concerns nobody else; `false` by default. */
  readonly readsInput?: boolean
}

/** Milliseconds between two lines about the bytes of one layer. */
const BYTES_EVERY_MS = 100

/**
 * The answer to a request whose work tells of its progress: one JSON object a line while it goes on, and a last one with
 * `errorDetail` when it fails. As long as there is no line, a failure is thrown. The work is stopped when the client
 * leaves or the program ends, and never waits for a client that reads slowly.
 *
 * @see Docker Engine API v1.50, `POST /images/create`
 */
export async function progressResponse(
  { request, stopping, onError }: Exchange,
  work: (emit: (line: ProgressLine | undefined) => void, signal: AbortSignal) => Promise<void>,
  options: ProgressOptions = {},
): Promise<HttpResponse> {
  const queue = new LineQueue()
  const left = new AbortController()
  const signal = AbortSignal.any([left.signal, request.signal, stopping].filter((each) => each !== undefined))
  let failure: { readonly error: unknown } | undefined
  const done = work(throttled(queue), signal)
    .catch((error: unknown) => void (failure = { error }))
    .finally(() => queue.end())
  const isTold = await queue.some()
  if (!isTold) await done
  if (!isTold && failure !== undefined && (options.alwaysStreams !== true || signal.aborted)) {
    throw withoutPrompt(failure.error)
  }
  // From here on no status can tell of a failure.
  void done.then(() => {
    if (failure === undefined || signal.aborted || !isUnexpected(failure.error)) return
    if (options.readsInput !== true || !isOfInput(failure.error)) onError(failure.error)
  })

  async function* lines(): ByteStream {
    try {
      while (await queue.some()) yield encodeText(queue.take().map(formatLine).join(''))
      await done
      if (failure !== undefined) yield encodeText(formatLine(errorLine(failure.error)))
    } finally {
      left.abort(new Error('Cannot go on: the client has left'))
      await done
    }
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: lines() }
}

function formatLine(line: ProgressLine): string {
  return `${JSON.stringify(line)}\r\n`
}

function errorLine(error: unknown): ProgressLine {
  const { message } = failureOf(error)
  return { errorDetail: { message }, error: message }
}

/**
 * A refused login of a pull, as status 500, as Docker Engine has it: at 401 the `docker` command asks for a password, and
 * without a terminal some versions of it wait for ever.
 */
function withoutPrompt(error: unknown): unknown {
  const { status, message } = failureOf(error)
  if (status !== 401) return error
  return new EngineRequestError(500, `${message}: no basic auth credentials, or wrong ones`, { cause: error })
}

/** Passes on of the bytes of each layer what a person can follow, and always the last line. */
function throttled(queue: LineQueue): (line: ProgressLine | undefined) => void {
  const shownAtMs = new Map<string, number>()
  return (line) => {
    if (line === undefined) return
    const { id, progressDetail: { current, total } = {} } = line
    if (id !== undefined && current !== undefined && current !== total) {
      const nowMs = performance.now()
      if (nowMs - (shownAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < BYTES_EVERY_MS) return
      shownAtMs.set(id, nowMs)
    }
    queue.push(line)
  }
}
