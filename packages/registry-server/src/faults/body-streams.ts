import { raceSignal, type ByteStream } from '@drayage/bytes'

/** Yields the first `bytes` of `source`; when there are more, `onMore` is called and may throw, and the rest is left. */
export async function* cutAfter(source: ByteStream, bytes: number, onMore: () => void): ByteStream {
  let left = bytes
  for await (const chunk of source) {
    if (chunk.byteLength > left) {
      if (left > 0) yield chunk.subarray(0, left)
      onMore()
      return
    }
    left -= chunk.byteLength
    if (chunk.byteLength > 0) yield chunk
  }
}

/** Yields `source` with the lowest bit of the byte at `offset` flipped. */
export async function* flipBit(source: ByteStream, offset: number, onFlip: () => void): ByteStream {
  let at = offset
  for await (const chunk of source) {
    if (at >= 0 && at < chunk.byteLength) {
      const copy = chunk.slice()
      copy[at] = (chunk[at] ?? 0) ^ 1
      onFlip()
      yield copy
    } else yield chunk
    at -= chunk.byteLength
  }
}

/** Yields `source`, then `bytes` zeros. */
export async function* lengthen(source: ByteStream, bytes: number): ByteStream {
  yield* source
  for (let left = bytes; left > 0; left -= 65_536) yield new Uint8Array(Math.min(left, 65_536))
}

/** How {@link drip} slows a stream down. */
export interface DripOptions {
  readonly afterBytes: number
  /** The size of each piece. */
  readonly bytes: number
  /** Called before each piece. */
  readonly wait: () => Promise<void>
}

/** Yields `source` in small pieces with a wait before each. */
export async function* drip(source: ByteStream, { afterBytes, bytes, wait }: DripOptions): ByteStream {
  let left = afterBytes
  for await (const chunk of source) {
    const free = Math.min(left, chunk.byteLength)
    left -= free
    if (free > 0) yield chunk.subarray(0, free)
    for (let at = free; at < chunk.byteLength; at += bytes) {
      await wait()
      yield chunk.subarray(at, at + bytes)
    }
  }
}

/**
 * Yields the first `bytes` of `source`; when there are more, `onStall` is called and the end never comes: it waits until
 * the signal fires, and rejects with its reason, or until the reader closes it.
 */
export function stallAfter(
  source: ByteStream,
  bytes: number,
  { signal, onStall }: { readonly signal: AbortSignal | undefined; readonly onStall: () => void },
): ByteStream {
  let isStalled = false
  const iterator = cutAfter(source, bytes, () => {
    isStalled = true
    onStall()
  })[Symbol.asyncIterator]()
  const closed = Promise.withResolvers<IteratorResult<Uint8Array>>()
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const result = await iterator.next()
        return result.done === true && isStalled ? Promise.race([closed.promise, whenAborted(signal)]) : result
      },
      async return() {
        closed.resolve({ done: true, value: undefined })
        await iterator.return?.()
        return { done: true, value: undefined }
      },
    }),
  }
}

/** Rejects with the reason of the signal when it fires; without a signal it stays pending. */
export function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  return raceSignal(new Promise(() => {}), { signal })
}
