import type { ByteStream } from '@drayage/bytes'

/** A request's body, and how much of it was sent. */
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

/** Watches `source` on its way to a transport, which hides the errors of a body. */
export function watchBody(source: ByteStream): WatchedBody {
  let bytes = 0
  let isFinished = false
  let failure: { readonly error: unknown } | undefined
  const iterator = source[Symbol.asyncIterator]()
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      const result = await iterator.next()
      if (result.done === true) isFinished = true
      else bytes += result.value.byteLength
      return result
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  // Without `throw`, by which streams of Node report the end of the connection to a generator as its own failure.
  const end = async (): Promise<IteratorResult<Uint8Array>> => {
    if (!isFinished && failure === undefined) await iterator.return?.()
    return { done: true, value: undefined }
  }
  const stream: ByteStream = { [Symbol.asyncIterator]: () => ({ next, return: end }) }
  return {
    stream,
    bytes: () => bytes,
    isFinished: () => isFinished,
    failure: () => failure,
    close: () => {
      void end().catch(() => {})
    },
  }
}
