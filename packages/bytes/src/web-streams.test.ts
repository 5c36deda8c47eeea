import { expect, test } from 'vitest'

import { chunk, drain, tracked } from './test/tracked.ts'
import { fromWebStream, toWebStream } from './web-streams.ts'

test('fromWebStream() gives back what toWebStream() took', async () => {
  const { source } = tracked(chunk(1), chunk(2, 3))
  expect(await drain(fromWebStream(toWebStream(source)))).toEqual([[1], [2, 3]])
})

test('toWebStream() closes its source when it is cancelled', async () => {
  const { source, closed } = tracked(chunk(1), chunk(2))
  const reader = toWebStream(source).getReader()
  expect((await reader.read()).value).toEqual(chunk(1))
  await reader.cancel()
  expect(closed()).toBe(true)
})

test('toWebStream() passes on the error of its source', async () => {
  const error = new Error('broken')
  await expect(drain(fromWebStream(toWebStream(tracked(error).source)))).rejects.toBe(error)
})

test('fromWebStream() cancels and unlocks its stream when the consumer stops early', async () => {
  let cancelled = false
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(chunk(1)),
    cancel: () => {
      cancelled = true
    },
  })
  for await (const each of fromWebStream(stream)) {
    expect([...each]).toEqual([1])
    break
  }
  expect(cancelled).toBe(true)
  expect(stream.locked).toBe(false)
})
