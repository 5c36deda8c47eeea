import type { ByteStream } from './byte-stream.ts'

/** Reads a Web stream of bytes; stopping early cancels it. */
export async function* fromWebStream(stream: ReadableStream<Uint8Array>): ByteStream {
  const reader = stream.getReader()
  let drained = false
  try {
    for (;;) {
      const next = await reader.read()
      if (next.done) {
        drained = true
        return
      }
      yield next.value
    }
  } finally {
    if (!drained) await reader.cancel().catch(() => {})
    reader.releaseLock()
  }
}

/** A Web stream over `source`; cancelling it closes `source`. */
export function toWebStream(source: ByteStream): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
