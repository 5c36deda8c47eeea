import type { Writable } from 'node:stream'

import { escapeText } from '@drayage/bytes'

/** The most characters of foreign text on one line. */
const MAX_LINE = 1024

/** Foreign text as a part of one line, safe for a terminal and of bounded length. */
export function lineOf(text: string): string {
  return escapeText(text, MAX_LINE)
}

/**
 * Writes all of `data` and resolves once the stream has taken it, so that a slow pipe bounds memory. Rejects when the
 * reader is gone, and at the signal even while the reader takes nothing.
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
