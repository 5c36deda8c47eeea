import { addAbortSignal, type Readable } from 'node:stream'

import { UsageError } from '../errors.ts'

/** Options of {@link readPipe}. */
export interface ReadPipeOptions {
  readonly signal: AbortSignal
  readonly maxBytes: number
  /** What is read, for messages. */
  readonly what: string
}

/** Reads text from a pipe to its end; the signal closes the pipe. @throws UsageError when it is longer than `maxBytes` */
export async function readPipe(stream: Readable, { signal, maxBytes, what }: ReadPipeOptions): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of addAbortSignal(signal, stream)) {
      const part = Buffer.from(chunk)
      bytes += part.byteLength
      if (bytes > maxBytes) throw new UsageError(`Cannot read ${what}: it is longer than ${maxBytes} bytes`)
      chunks.push(part)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The most bytes of a password. */
const MAX_SECRET_BYTES = 64 * 1024

/** Reads a password from a pipe, without the line break at its end. @throws UsageError when it is longer than 64 KiB */
export async function readSecret(stream: Readable, signal: AbortSignal): Promise<string> {
  const text = await readPipe(stream, { signal, maxBytes: MAX_SECRET_BYTES, what: 'the password' })
  return text.replace(/\r?\n$/, '')
}
