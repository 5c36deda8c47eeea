import { addAbortSignal, type Readable } from 'node:stream'

import { UsageError } from './usage-error.ts'

/** The most bytes of a password. */
const MAX_SECRET_BYTES = 64 * 1024

/** Reads a password from a pipe to its end, without the line break there. @throws UsageError when it is too long */
export async function readSecret(stream: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of addAbortSignal(signal, stream)) {
      const part = Buffer.from(chunk)
      bytes += part.byteLength
      if (bytes > MAX_SECRET_BYTES)
        throw new UsageError(`Cannot read the password: found more than ${MAX_SECRET_BYTES} bytes`)
      chunks.push(part)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}
