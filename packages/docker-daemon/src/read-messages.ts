import type { ByteStream } from '@drayage/bytes'

import type { Engine } from './engine.ts'
import { DockerEngineError, DockerProtocolError } from './errors.ts'
import { MAX_LINE_BYTES } from './limits.ts'

/**
 * Reads the progress of an engine, one JSON document a line, and passes on the text of its messages.
 *
 * @throws DockerEngineError `ERR_DOCKER_ENGINE` for an error that it tells of in the middle
 * @throws DockerProtocolError `ERR_DOCKER_PROTOCOL`
 */
export async function readMessages(
  engine: Engine,
  action: string,
  body: ByteStream,
  onMessage: (text: string) => void,
): Promise<void> {
  for await (const line of linesOf(body, () => new DockerProtocolError(engine.name, action, 'a longer line', WANTED))) {
    const { error, message } = decodeLine(engine, action, line)
    if (error !== undefined) throw new DockerEngineError(engine.name, action, { reason: error })
    if (message !== undefined) onMessage(message)
  }
}

const WANTED = `at most ${MAX_LINE_BYTES} bytes`

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
    throw new DockerProtocolError(name, action, 'a line that is no JSON', 'progress in JSON', { cause })
  }
  const { errorDetail, error, stream }: { errorDetail?: unknown; error?: unknown; stream?: unknown } = Object(value)
  const { message }: { message?: unknown } = Object(errorDetail)
  const reason = [message, error].find((each) => typeof each === 'string')
  if (reason !== undefined) return { error: reason }
  if (errorDetail !== undefined || error !== undefined) return { error: 'an error without a message' }
  return typeof stream === 'string' ? { message: stream.trimEnd() } : {}
}
