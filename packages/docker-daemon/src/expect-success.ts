import { collect, type AbortOptions, type ByteStream } from '@drayage/bytes'

import type { Answer, Engine } from './engine.ts'
import { DockerEngineError, DockerProtocolError, isDockerDaemonError } from './errors.ts'
import { MAX_ERROR_BYTES } from './limits.ts'

/**
 * Passes on an answer of status 200 and reads the message of any other.
 *
 * @throws DockerEngineError `ERR_DOCKER_ENGINE` for a failure that the engine tells of
 * @throws DockerProtocolError `ERR_DOCKER_PROTOCOL` for a status that means neither
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
  throw new DockerProtocolError(name, action, `status ${status}`, 'status 200')
}

/** The engine's words, or what came instead of them. A failure stays the failure when its message is cut or too long. */
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
