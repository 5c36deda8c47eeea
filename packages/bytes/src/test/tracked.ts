import type { ByteStream } from '../byte-stream.ts'

/** A source that records how it was used. */
export interface Tracked {
  readonly source: ByteStream
  /** How many chunks were asked for. */
  readonly pulls: () => number
  /** Whether its consumer closed it before its end. */
  readonly closed: () => boolean
}

/** A source of the given chunks that records its use; an Error among them is thrown in its turn. */
export function tracked(...chunks: readonly (Uint8Array | Error)[]): Tracked {
  let pulls = 0
  let closed = false
  const source: ByteStream = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const chunk = chunks[pulls++]
        if (chunk instanceof Error) throw chunk
        return chunk === undefined ? { done: true, value: undefined } : { done: false, value: chunk }
      },
      return: async () => {
        closed = true
        return { done: true, value: undefined }
      },
    }),
  }
  return { source, pulls: () => pulls, closed: () => closed }
}

/** A source that yields nothing and never ends; `closed` resolves when its consumer closes it. */
export function silent(): { readonly source: ByteStream; readonly closed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const source: ByteStream = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => {
        resolve()
        return { done: true, value: undefined }
      },
    }),
  }
  return { source, closed: promise }
}

/** `1, 2, 3` as one chunk. */
export function chunk(...bytes: readonly number[]): Uint8Array {
  return Uint8Array.from(bytes)
}

/** Reads everything, chunk by chunk. */
export async function drain(source: ByteStream): Promise<number[][]> {
  const chunks: number[][] = []
  for await (const each of source) chunks.push([...each])
  return chunks
}
