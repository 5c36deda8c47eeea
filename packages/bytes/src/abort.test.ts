import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'

import { abortable } from './abort.ts'
import { raceSignal } from './index.ts'
import { chunk, drain, silent, tracked } from './test/tracked.ts'

test('abortable() passes a source on, with and without a signal', async () => {
  expect(await drain(abortable(tracked(chunk(1), chunk(2)).source, {}))).toEqual([[1], [2]])
  const { signal } = new AbortController()
  expect(await drain(abortable(tracked(chunk(1), chunk(2)).source, { signal }))).toEqual([[1], [2]])
})

test('abortable() rejects with the reason itself, before touching the source', async () => {
  const reason = new Error('enough')
  const { source, pulls } = tracked(chunk(1))
  await expect(drain(abortable(source, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
  expect(pulls()).toBe(0)
})

test('abortable() rejects while the source is silent, and closes it', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const { source, closed } = silent()
  const reading = drain(abortable(source, { signal: controller.signal }))
  controller.abort(reason)
  await expect(reading).rejects.toBe(reason)
  await closed
})

test('abortable() does not wait for a source that hangs while it is closed', async () => {
  const controller = new AbortController()
  const hanging = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => new Promise<never>(() => {}),
    }),
  }
  const reading = drain(abortable(hanging, { signal: controller.signal }))
  controller.abort('enough')
  await expect(reading).rejects.toBe('enough')
})

test('abortable() closes the source of a consumer that stops early', async () => {
  const { source, closed, pulls } = tracked(chunk(1), chunk(2))
  for await (const each of abortable(source, { signal: new AbortController().signal })) {
    expect([...each]).toEqual([1])
    break
  }
  expect(closed()).toBe(true)
  expect(pulls()).toBe(1)
})

test('abortable() passes on the error of its source', async () => {
  const error = new Error('broken')
  const { signal } = new AbortController()
  await expect(drain(abortable(tracked(chunk(1), error).source, { signal }))).rejects.toBe(error)
})

test('abortable() leaves no listener on the signal', async () => {
  const controller = new AbortController()
  let listeners = 0
  const { signal } = controller
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    listeners++
    add(...given)
  }
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    listeners--
    remove(...given)
  }
  await drain(abortable(tracked(chunk(1)).source, { signal }))
  expect(listeners).toBe(0)
})

test('raceSignal() settles as the promise does and keeps no listener', async () => {
  const { signal } = new AbortController()
  const error = new Error('broken')
  expect(await raceSignal(Promise.resolve(1), {})).toBe(1)
  expect(await raceSignal(Promise.resolve(2), { signal })).toBe(2)
  await expect(raceSignal(Promise.reject(error), { signal })).rejects.toBe(error)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('raceSignal() rejects with the reason itself while the promise is pending', async () => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const waiting = raceSignal(new Promise(() => {}), { signal: controller.signal })
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(raceSignal(new Promise(() => {}), { signal: controller.signal })).rejects.toBe(reason)
})
