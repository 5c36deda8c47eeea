import { once } from 'node:events'
import type { Writable } from 'node:stream'

import type { SequentialOutput } from './archive-output.ts'

/** An archive on its way into a Node stream, such as standard output or an HTTP response, which is ended with it. */
export function streamOutput(stream: Writable): SequentialOutput {
  let failure: unknown
  stream.on('error', (error) => void (failure ??= error))
  const assertSound = (): void => {
    if (failure !== undefined) throw failure
  }
  return {
    async write(bytes) {
      assertSound()
      await new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()))
      })
    },
    async finish() {
      assertSound()
      // Standard output cannot be ended.
      if (stream === process.stdout || stream === process.stderr) return
      const finished = once(stream, 'finish')
      stream.end()
      await finished
    },
    async discard() {
      if (stream !== process.stdout && stream !== process.stderr) stream.destroy()
    },
  }
}
