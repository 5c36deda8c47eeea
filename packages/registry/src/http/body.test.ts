import { fromBytes, type ByteStream } from '@drayage/bytes'
import { expect, test } from 'vitest'

import { discardBody } from './body.ts'

test('discardBody() reads a small body to its end, and closes one that is large or drips', async () => {
  const ends: string[] = []
  async function* body(chunks: AsyncIterable<Uint8Array>): ByteStream {
    let end = 'closed'
    try {
      yield* chunks
      end = 'read'
    } finally {
      ends.push(end)
    }
  }
  async function* dripping(): ByteStream {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      yield new Uint8Array(1)
    }
  }
  const discard = (length: number | undefined, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    const headers = length === undefined ? undefined : { 'content-length': String(length) }
    return discardBody({ status: 404, headers: headers ?? {}, body: body(chunks) })
  }
  await discard(3, fromBytes('abc'))
  await discard(60_000, dripping())
  await expect.poll(() => ends).toEqual(['read', 'closed'])
})
