import { anySignal, encodeText, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import { createLineFilter } from '@drayage/distribution'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isFrom, type ApiVersion } from '../http/api-version.ts'
import { failureOf, isAboutInput, isUnexpected } from '../failures/failure.ts'
import { LineQueue } from './line-queue.ts'
import type { ProgressLine } from './progress-line.ts'

/** Options of {@link progressResponse}. */
export interface ProgressOptions {
  /** Whether a failure before the first line is a line instead of an HTTP status; `false` by default. */
  readonly alwaysStreams?: boolean
  /** Whether the work reads what the client sends, so that an error about that is not the daemon's; `false` by default. */
  readonly readsInput?: boolean
}

/**
 * Answers with the progress of some work: one JSON object a line, and a last one with `errorDetail` if it fails. A failure
 * before the first line is thrown. The work stops when the client disconnects or the program stops, and never waits for a
 * slow client.
 *
 * @see Docker Engine API v1.57, `POST /images/create`
 */
export async function progressResponse(
  { request, version, stopping, onError }: Exchange,
  work: (emit: (line: ProgressLine | undefined) => void, signal: AbortSignal) => Promise<void>,
  options: ProgressOptions = {},
): Promise<HttpResponse> {
  const queue = new LineQueue()
  const left = new AbortController()
  const signal = anySignal(left.signal, request.signal, stopping)
  let failure: { readonly error: unknown } | undefined
  const isSent = createLineFilter()
  const emit = (line: ProgressLine | undefined): void => {
    if (line !== undefined && isSent(line)) queue.push(lineOf(version, line))
  }
  const done = work(emit, signal)
    .catch((error: unknown) => void (failure = { error }))
    .finally(() => queue.end())
  const hasLine = await queue.some()
  if (!hasLine) await done
  if (!hasLine && failure !== undefined && (options.alwaysStreams !== true || signal.aborted)) {
    throw withoutPrompt(failure.error)
  }
  // From here on, a failure can no longer be a status.
  void done.then(() => {
    if (failure === undefined || signal.aborted || !isUnexpected(failure.error)) return
    if (options.readsInput !== true || !isAboutInput(failure.error)) onError(failure.error)
  })

  async function* lines(): ByteStream {
    try {
      while (await queue.some()) yield encodeText(queue.take().map(formatLine).join(''))
      await done
      if (failure !== undefined) yield encodeText(formatLine(errorLine(failure.error)))
    } finally {
      left.abort(new Error('Cannot continue: the client has disconnected'))
      await done
    }
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: lines() }
}

/** Versions from 1.52 have no bar as a text: clients draw their own. */
function lineOf(version: ApiVersion, line: ProgressLine): ProgressLine {
  if (!isFrom(version, 52)) return line
  const { progress: _, ...others } = line
  return others
}

function formatLine(line: ProgressLine): string {
  return `${JSON.stringify(line)}\r\n`
}

function errorLine(error: unknown): ProgressLine {
  const { message } = failureOf(error)
  return { errorDetail: { message }, error: message }
}

/**
 * Turns a refused login into status 500, as Docker Engine does: at 401 the `docker` command asks for a password, and some
 * versions of it wait forever without a terminal.
 */
function withoutPrompt(error: unknown): unknown {
  const { status, message } = failureOf(error)
  if (status !== 401) return error
  return new EngineRequestError(500, `${message}: no basic auth credentials, or wrong ones`, { cause: error })
}
