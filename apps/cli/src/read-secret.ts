import type { Readable } from 'node:stream'

import { readPipe } from './read-pipe.ts'

/** The most bytes of a password. */
const MAX_SECRET_BYTES = 64 * 1024

/** Reads a password from a pipe to its end, without the line break there. @throws UsageError when it is too long */
export async function readSecret(stream: Readable, signal: AbortSignal): Promise<string> {
  const text = await readPipe(stream, { signal, maxBytes: MAX_SECRET_BYTES, what: 'the password' })
  return text.replace(/\r?\n$/, '')
}
