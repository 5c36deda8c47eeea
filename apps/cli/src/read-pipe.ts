import { addAbortSignal, type Readable } from 'node:stream'

import { UsageError } from './usage-error.ts'

/** Options of {@link readPipe}. */
export interface ReadPipeOptions {
  readonly signal: AbortSignal
  readonly maxBytes: number
  /** What is read, for messages. */
  readonly what: string
}

/** Reads a text from a pipe to its end; the signal closes the pipe. @throws UsageError when it is too long */
export async function readPipe(stream: Readable, { signal, maxBytes, what }: ReadPipeOptions): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of addAbortSignal(signal, stream)) {
      const part = Buffer.from(chunk)
      bytes += part.byteLength
      if (bytes > maxBytes) throw new UsageError(`Cannot read ${what}: found more than ${maxBytes} bytes`)
      chunks.push(part)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
  return Buffer.concat(chunks).toString('utf8')
}
