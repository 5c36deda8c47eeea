import { abortable, concat, type AbortOptions, type ByteStream } from '@drayage/bytes'

/** The first bytes of a stream, and the whole stream. */
export interface Peeked {
  /** At least the bytes asked for, or all there are. */
  readonly prefix: Uint8Array
  /** All bytes, the prefix included. */
  readonly rest: ByteStream
  /** Closes the source, also when `rest` is not read. */
  close(): Promise<void>
}

/** Reads the first `count` bytes of `source`; the signal cancels also what is read later. */
export async function peek(source: ByteStream, count: number, options: AbortOptions): Promise<Peeked> {
  const stream = abortable(source, options)
  const head: Uint8Array[] = []
  let length = 0
  while (length < count) {
    const next = await stream.next()
    if (next.done === true) break
    head.push(next.value)
    length += next.value.byteLength
  }
  const prefix = concat(head.map((chunk) => chunk.subarray(0, count)))
  return { prefix, rest: replay(head, stream), close: async () => void (await stream.return()) }
}

async function* replay(head: Uint8Array[], stream: AsyncGenerator<Uint8Array, void, void>): ByteStream {
  for (let chunk = head.shift(); chunk !== undefined; chunk = head.shift()) yield chunk
  yield* stream
}
