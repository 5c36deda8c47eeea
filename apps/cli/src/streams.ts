import type { Writable } from 'node:stream'

/**
 * Writes all of `data` and resolves when it is handed on, so that a slow pipe bounds memory. Rejects when the reader has gone,
 * and at the signal also while the reader takes nothing.
 */
export async function writeOut(stream: Writable, data: string | Uint8Array, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  stream.write(data, (error) => {
    if (error === null || error === undefined) resolve()
    else reject(error)
  })
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
