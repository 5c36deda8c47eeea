import { expect, test } from 'vitest'

import { createSharedLock } from './shared-lock.ts'

test('shared work on a key runs concurrently, exclusive work alone, in the order of arrival', async () => {
  const lock = createSharedLock()
  const events: string[] = []
  const work = (name: string) => async (): Promise<string> => {
    events.push(`+${name}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
    events.push(`-${name}`)
    return name
  }
  const all = await Promise.all([
    lock.share('k', work('a')),
    lock.share('k', work('b')),
    lock.alone('k', work('c')),
    lock.share('k', work('d')),
    lock.alone('other', work('e')),
  ])
  expect(all).toEqual(['a', 'b', 'c', 'd', 'e'])
  const ofKey = events.filter((event) => !event.endsWith('e'))
  expect(ofKey).toEqual(['+a', '+b', '-a', '-b', '+c', '-c', '+d', '-d'])
})

test('failed work lets the next one start', async () => {
  const lock = createSharedLock()
  await expect(lock.alone('k', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect(lock.share('k', () => Promise.reject(new Error('nor')))).rejects.toThrow('nor')
  expect(await lock.alone('k', async () => 'done')).toBe('done')
})
