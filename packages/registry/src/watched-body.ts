import type { ByteStream } from '@drayage/bytes'

/** A body that tells what became of it. */
export interface WatchedBody {
  readonly stream: ByteStream
  /** Bytes that the transport has taken. */
  bytes(): number
  /** Whether the transport has taken all of it. */
  isFinished(): boolean
  /** What the source threw, if it did. */
  failure(): { readonly error: unknown } | undefined
  /** Closes the source if the transport left it; does not wait for it. */
  close(): void
}

/** Watches `source` on its way to a transport, which hides what a body throws. */
export function watchBody(source: ByteStream): WatchedBody {
  let bytes = 0
  let isFinished = false
  let failure: { readonly error: unknown } | undefined
  const iterator = source[Symbol.asyncIterator]()
  async function* read(): ByteStream {
    try {
      for await (const chunk of { [Symbol.asyncIterator]: () => iterator }) {
        bytes += chunk.byteLength
        yield chunk
      }
      isFinished = true
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  const stream = read()
  return {
    stream,
    bytes: () => bytes,
    isFinished: () => isFinished,
    failure: () => failure,
    close: () => {
      if (isFinished || failure !== undefined) return
      void Promise.allSettled([stream[Symbol.asyncIterator]().return?.(), iterator.return?.()])
    },
  }
}
