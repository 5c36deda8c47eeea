import { collect, type AbortOptions, type ByteStream, ByteLimitError } from '@drayage/bytes'

import type { Answer, Engine } from './engine.ts'
import { DockerEngineError, DockerProtocolError, isDockerDaemonError } from './errors.ts'
import { MAX_ANSWER_BYTES, MAX_ERROR_BYTES, MAX_LINE_BYTES } from './limits.ts'

/**
 * Passes on an answer of status 200 and reads the message of any other.
 *
 * @throws DockerEngineError `ERR_DOCKER_ENGINE` for a failure that the engine reports
 * @throws DockerProtocolError `ERR_DOCKER_PROTOCOL` for a status that is neither success nor failure
 */
export async function expectSuccess(
  { name }: Engine,
  action: string,
  answer: Answer,
  options: AbortOptions = {},
): Promise<Answer> {
  const { status, body } = answer
  if (status === 200) return answer
  const reason = await readReason(body, options)
  if (status >= 400) throw new DockerEngineError(name, action, { status, reason })
  throw new DockerProtocolError(name, action, `its status is ${status}, expected 200`)
}

/** The engine's words, or what was received instead: a failure stays one when its message is cut or too long. */
async function readReason(body: ByteStream, { signal }: AbortOptions): Promise<string> {
  let text = ''
  try {
    text = Buffer.from(await collect(body, { maxBytes: MAX_ERROR_BYTES, signal })).toString('utf8')
  } catch (error) {
    signal?.throwIfAborted()
    return isDockerDaemonError(error) ? 'a message that was cut' : 'a message that is too long'
  }
  try {
    const value: unknown = JSON.parse(text)
    const isMessage = typeof value === 'object' && value !== null && 'message' in value
    return isMessage && typeof value.message === 'string' ? value.message : text
  } catch {
    return text.trim()
  }
}

/** Reads an answer that is one JSON document. @throws DockerProtocolError `ERR_DOCKER_PROTOCOL` */
export async function readDocument(
  { name }: Engine,
  action: string,
  body: ByteStream,
  { signal }: AbortOptions,
): Promise<unknown> {
  try {
    return JSON.parse(Buffer.from(await collect(body, { maxBytes: MAX_ANSWER_BYTES, signal })).toString('utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new DockerProtocolError(name, action, 'its answer is not JSON', { cause })
    if (!(cause instanceof ByteLimitError)) throw cause
    throw new DockerProtocolError(name, action, `its answer is longer than ${MAX_ANSWER_BYTES} bytes`, { cause })
  }
}

/**
 * Reads the progress of an engine, one JSON document a line, and passes on the text of its messages.
 *
 * @throws DockerEngineError `ERR_DOCKER_ENGINE` for an error that is reported in the middle
 * @throws DockerProtocolError `ERR_DOCKER_PROTOCOL`
 */
export async function readMessages(
  engine: Engine,
  action: string,
  body: ByteStream,
  onMessage: (text: string) => void,
): Promise<void> {
  const tooLong = (): Error =>
    new DockerProtocolError(engine.name, action, `a line of its answer is longer than ${MAX_LINE_BYTES} bytes`)
  for await (const line of linesOf(body, tooLong)) {
    const { error, message } = decodeLine(engine, action, line)
    if (error !== undefined) throw new DockerEngineError(engine.name, action, { reason: error })
    if (message !== undefined) onMessage(message)
  }
}

async function* linesOf(body: ByteStream, tooLong: () => Error): AsyncGenerator<string, void, void> {
  let kept = Buffer.alloc(0)
  for await (const chunk of body) {
    kept = Buffer.concat([kept, chunk])
    for (let end = kept.indexOf('\n'); end >= 0; end = kept.indexOf('\n')) {
      if (end > MAX_LINE_BYTES) throw tooLong()
      yield kept.toString('utf8', 0, end).trim()
      kept = kept.subarray(end + 1)
    }
    if (kept.byteLength > MAX_LINE_BYTES) throw tooLong()
  }
  yield kept.toString('utf8').trim()
}

function decodeLine({ name }: Engine, action: string, line: string): { error?: string; message?: string } {
  if (line === '') return {}
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new DockerProtocolError(name, action, 'a line of its answer is not JSON', { cause })
  }
  const { errorDetail, error, stream }: { errorDetail?: unknown; error?: unknown; stream?: unknown } = Object(value)
  const { message }: { message?: unknown } = Object(errorDetail)
  const reason = [message, error].find((each) => typeof each === 'string')
  if (reason !== undefined) return { error: reason }
  if (errorDetail !== undefined || error !== undefined) return { error: 'an error without a message' }
  return typeof stream === 'string' ? { message: stream.trimEnd() } : {}
}
