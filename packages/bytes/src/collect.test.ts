import { expect, test } from 'vitest'

import { collect } from './collect.ts'
import { ByteLimitError } from './errors.ts'
import { chunk, silent, tracked } from './test/tracked.ts'

test('collect() joins the chunks of a source', async () => {
  expect(await collect(tracked(chunk(1, 2), chunk(), chunk(3)).source, { maxBytes: 3 })).toEqual(chunk(1, 2, 3))
})

test('collect() of an empty source is empty', async () => {
  expect(await collect(tracked().source, { maxBytes: 0 })).toEqual(chunk())
})

test('collect() refuses one byte more than maxBytes and closes the source', async () => {
  const { source, closed } = tracked(chunk(1, 2), chunk(3))
  const failure = await collect(source, { maxBytes: 2 }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ByteLimitError)
  expect(failure).toMatchObject({ code: 'ERR_BYTE_LIMIT', maxBytes: 2 })
  expect(closed()).toBe(true)
})

test('collect() rejects with the reason of its signal while the source is silent', async () => {
  const controller = new AbortController()
  const { source, closed } = silent()
  const reading = collect(source, { maxBytes: 1, signal: controller.signal })
  controller.abort('enough')
  await expect(reading).rejects.toBe('enough')
  await closed
})
