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
  // Only of these is known that they are done with an array once its write is: others, such as a PassThrough, hand it on.
  const isDirect = stream === process.stdout || stream === process.stderr
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
      const onClose = (): void => reject(failure ?? new Error('Cannot write the archive: its stream was closed'))
      signal?.addEventListener('abort', onAbort, { once: true })
      stream.once('close', onClose)
      stream.write(isDirect ? bytes : new Uint8Array(bytes), (error) => (error ? reject(error) : resolve()))
      try {
        await promise
      } finally {
        signal?.removeEventListener('abort', onAbort)
        stream.off('close', onClose)
      }
    },
    async finish() {
      assertSound()
      // Standard output cannot be ended.
      if (isDirect) return
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
      if (!isDirect) stream.destroy()
    },
  }
}
