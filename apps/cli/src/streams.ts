import type { Writable } from 'node:stream'

/** Writes all of `data` and resolves when it is handed on, so that a slow pipe bounds memory. Rejects when the reader has gone. */
export async function writeOut(stream: Writable, data: string | Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  stream.write(data, (error) => {
    if (error === null || error === undefined) resolve()
    else reject(error)
  })
  await promise
}
