import { fromBytes } from '@drayage/bytes'
import { describe, expect, test } from 'vitest'

import { digestOf } from './hasher.ts'
import { DigestMismatchError, LongContentError, ShortContentError } from './errors.ts'
import { verify, verifyBytes, type ExpectedContent } from './verify.ts'

const content = Uint8Array.of(1, 2, 3, 4)
const expected: ExpectedContent = { digest: digestOf(content), size: 4 }

/** How a check ends, in memory and as a stream, and what the stream yielded before. */
async function check(bytes: Uint8Array, what: ExpectedContent): Promise<{ outcomes: unknown[]; yielded: number[] }> {
  const yielded: number[] = []
  const read = async (): Promise<void> => {
    for await (const chunk of verify(fromBytes(bytes.subarray(0, 3), bytes.subarray(3)), what)) yielded.push(...chunk)
  }
  const compare = async (): Promise<void> => verifyBytes(bytes, what)
  const settled = await Promise.allSettled([read(), compare()])
  return { outcomes: settled.map((each) => (each.status === 'rejected' ? each.reason : undefined)), yielded }
}

describe.each(['sha256', 'sha512'] as const)('verify() and verifyBytes() with %s', (algorithm) => {
  const wanted: ExpectedContent = { digest: digestOf(content, algorithm), size: 4 }

  test('pass on what is as expected', async () => {
    expect(await check(content, wanted)).toEqual({ outcomes: [undefined, undefined], yielded: [1, 2, 3, 4] })
  })

  test('tell short content', async () => {
    const { outcomes } = await check(content.subarray(0, 3), wanted)
    for (const outcome of outcomes) {
      expect(outcome).toBeInstanceOf(ShortContentError)
      expect(outcome).toMatchObject({ code: 'ERR_CONTENT_SHORT', actualBytes: 3, expectedBytes: 4 })
    }
  })

  test('tell long content and do not yield it', async () => {
    const { outcomes, yielded } = await check(Uint8Array.of(1, 2, 3, 4, 5), wanted)
    for (const outcome of outcomes) {
      expect(outcome).toBeInstanceOf(LongContentError)
      expect(outcome).toMatchObject({ code: 'ERR_CONTENT_LONG', expectedBytes: 4 })
    }
    expect(yielded).toEqual([1, 2, 3])
  })

  test('tell other content of the same size', async () => {
    const other = Uint8Array.of(1, 2, 3, 5)
    const { outcomes } = await check(other, wanted)
    for (const outcome of outcomes) {
      expect(outcome).toBeInstanceOf(DigestMismatchError)
      expect(outcome).toMatchObject({
        code: 'ERR_DIGEST_MISMATCH',
        actual: digestOf(other, algorithm),
        expected: wanted.digest,
      })
    }
  })
})

test('verify() of empty content passes', async () => {
  const { outcomes } = await check(new Uint8Array(), { digest: digestOf(''), size: 0 })
  expect(outcomes).toEqual([undefined, undefined])
})

test('verify() closes its source when the consumer stops early or the content is too long', async () => {
  let closed = 0
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield content
      yield content
    } finally {
      closed++
    }
  }
  for await (const chunk of verify(source(), expected)) {
    expect(chunk).toBe(content)
    break
  }
  expect(closed).toBe(1)
  const reading = (async () => {
    for await (const chunk of verify(source(), expected)) expect(chunk).toBe(content)
  })()
  await expect(reading).rejects.toThrow(LongContentError)
  expect(closed).toBe(2)
})
