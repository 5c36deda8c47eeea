import { once } from 'node:events'
import type { Writable } from 'node:stream'

import type { AbortOptions } from '@drayage/bytes'

import type { SequentialOutput } from './archive-output.ts'

/**
 * An archive on its way into a Node stream, such as standard output or an HTTP response, which is ended with it. The signal
 * also ends a write whose bytes nobody takes.
 */
export function streamOutput(stream: Writable, { signal }: AbortOptions = {}): SequentialOutput {
  let failure: unknown
  stream.on('error', (error) => void (failure ??= error))
  const assertSound = (): void => {
    signal?.throwIfAborted()
    if (failure !== undefined) throw failure
  }
  return {
    async write(bytes) {
      assertSound()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const onAbort = (): void => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      stream.write(bytes, (error) => (error ? reject(error) : resolve()))
      try {
        await promise
      } finally {
        signal?.removeEventListener('abort', onAbort)
      }
    },
    async finish() {
      assertSound()
      // Standard output cannot be ended.
      if (stream === process.stdout || stream === process.stderr) return
      const finished = once(stream, 'finish', { ...(signal !== undefined && { signal }) })
      stream.end()
      try {
        await finished
      } catch (error) {
        signal?.throwIfAborted()
        throw error
      }
    },
    async discard() {
      if (stream !== process.stdout && stream !== process.stderr) stream.destroy()
    },
  }
}
