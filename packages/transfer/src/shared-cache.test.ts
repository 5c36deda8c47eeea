import { expect, test } from 'vitest'

import { createSharedCache } from './index.ts'

const never = (): Promise<never> => Promise.reject(new Error('loaded a second time'))

/** A value whose loading ends when the test says so. */
function controlled(): {
  readonly load: (signal: AbortSignal) => Promise<string>
  readonly signals: AbortSignal[]
} & Pick<PromiseWithResolvers<string>, 'resolve' | 'reject'> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const signals: AbortSignal[] = []
  const load = (signal: AbortSignal): Promise<string> => {
    signals.push(signal)
    signal.addEventListener('abort', () => reject(signal.reason))
    return promise
  }
  return { load, signals, resolve, reject }
}

test('get() loads a value once for all callers, also later ones', async () => {
  const cache = createSharedCache<string>()
  const value = controlled()
  const both = [cache.get('k', value.load), cache.get('k', never)]
  value.resolve('loaded')
  expect(await Promise.all(both)).toEqual(['loaded', 'loaded'])
  expect(await cache.get('k', never)).toBe('loaded')
  expect(await cache.get('other', async () => 'other')).toBe('other')
})

test('get() loads again after a failure', async () => {
  const cache = createSharedCache<string>()
  const error = new Error('broken')
  await expect(cache.get('k', () => Promise.reject(error))).rejects.toBe(error)
  expect(await cache.get('k', async () => 'loaded')).toBe('loaded')
})

test('get() cancels the loading when the last caller has left', async () => {
  const cache = createSharedCache<string>()
  const value = controlled()
  const [one, two] = [new AbortController(), new AbortController()]
  const calls = [one, two].map(({ signal }) => cache.get('k', value.load, { signal }))
  await Promise.resolve()
  one.abort(new Error('one'))
  await expect(calls[0]).rejects.toThrow('one')
  expect(value.signals.map(({ aborted }) => aborted)).toEqual([false])
  two.abort(new Error('two'))
  await expect(calls[1]).rejects.toThrow('two')
  expect(value.signals.map(({ aborted }) => aborted)).toEqual([true])
  expect(await cache.get('k', async () => 'fresh')).toBe('fresh')
  await expect(cache.get('k', never, { signal: one.signal })).rejects.toThrow('one')
})

test('get() loads again what is too old, counted from the start of its loading', async () => {
  let now = 0
  const cache = createSharedCache<string>({ maxAgeMs: 10, now: () => now })
  await cache.get('k', async () => {
    now = 9
    return 'old'
  })
  expect(await cache.get('k', never)).toBe('old')
  now = 10
  expect(await cache.get('k', async () => 'new')).toBe('new')
})

test('get() keeps at most maxEntries values, those used last', async () => {
  const cache = createSharedCache<string>({ maxEntries: 2 })
  for (const key of ['a', 'b']) await cache.get(key, async () => key)
  await cache.get('a', never)
  await cache.get('c', async () => 'c')
  expect(await cache.get('a', never)).toBe('a')
  expect(await cache.get('b', async () => 'again')).toBe('again')
})

test('delete() drops a value and the outcome of a loading that has begun', async () => {
  const cache = createSharedCache<string>()
  await cache.get('k', async () => 'old')
  cache.delete('k')
  const value = controlled()
  const begun = cache.get('k', value.load)
  cache.delete('k')
  const later = cache.get('k', async () => 'later')
  value.resolve('begun')
  expect([await begun, await later, await cache.get('k', never)]).toEqual(['begun', 'later', 'later'])
})
