import type { AbortOptions } from '@drayage/bytes'

import { expectSuccess } from './answers.ts'
import { ask, type Engine } from './engine.ts'
import { DockerProtocolError } from './errors.ts'
import { NEWEST_API_VERSION, PING_TIMEOUT_MS, UNKNOWN_API_VERSION } from './limits.ts'

/**
 * The version of the Engine API to use: the newest that both sides know.
 *
 * @see Docker Engine API v1.47, "Ping"
 */
export async function negotiateVersion(engine: Engine, options: AbortOptions = {}): Promise<string> {
  const silenceTimeoutMs = Math.min(PING_TIMEOUT_MS, engine.silenceTimeoutMs)
  const answer = await ask(engine, { method: 'GET', path: '/_ping', action: 'reach', silenceTimeoutMs, ...options })
  const { headers, body } = await expectSuccess(engine, 'reach', answer, options)
  for await (const _ of body) break
  const own = headers['api-version'] ?? UNKNOWN_API_VERSION
  if (typeof own !== 'string' || !isApiVersion(own)) {
    throw new DockerProtocolError(engine.name, 'reach', 'it names no version of its API')
  }
  return isBefore(own, NEWEST_API_VERSION) ? own : NEWEST_API_VERSION
}

/** Tells whether text is a version of the API, such as `1.41`. */
export function isApiVersion(text: string): boolean {
  return /^\d{1,4}\.\d{1,4}$/.test(text)
}

function isBefore(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}
