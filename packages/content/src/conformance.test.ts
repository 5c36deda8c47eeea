import { expect, test } from 'vitest'

import { contentStoreCases } from './conformance.ts'
import { createMemoryStore, type MemoryStore } from './memory-store.ts'

/** Stores with one flaw each; the suite must notice every one. */
const flaws: readonly [string, (store: MemoryStore) => Partial<MemoryStore>][] = [
  ['has() is always true', () => ({ has: async () => true })],
  ['delete() does nothing', () => ({ delete: async () => true })],
  ['fetch() ignores the offset', (store) => ({ fetch: (what, { signal } = {}) => store.fetch(what, { signal }) })],
  [
    'fetch() never verifies the size',
    () => ({
      fetch: async function* () {
        yield new Uint8Array(1)
      },
    }),
  ],
  [
    'begin() takes any key',
    (store) => ({ begin: (key, options) => store.begin(key.replaceAll(/[^a-z0-9]/g, '').slice(0, 9) || 'x', options) }),
  ],
  ['begin() ignores the signal', (store) => ({ begin: (key) => store.begin(key) })],
  ['list() gives nothing', () => ({ list: async function* () {} })],
]

test.each(flaws)('contentStoreCases() notices that %s', async (_, flaw) => {
  let failures = 0
  const cases = contentStoreCases(async () => {
    const store = createMemoryStore()
    return { store: { ...store, ...flaw(store) }, close: async () => {} }
  })
  for (const { run, name } of cases) {
    if (name.startsWith('P1') || name.startsWith('P2: going')) continue
    failures += await Promise.race([
      run().then(
        () => 0,
        () => 1,
      ),
      new Promise<number>((resolve) => setTimeout(resolve, 2_000, 1)),
    ])
  }
  expect(failures).toBeGreaterThan(0)
})

test('contentStoreCases() closes each store, also after a failure', async () => {
  let open = 0
  const cases = contentStoreCases(async () => {
    open += 1
    const store = createMemoryStore()
    return { store: { ...store, has: () => Promise.reject(new Error('broken')) }, close: async () => void (open -= 1) }
  })
  await Promise.allSettled(cases.slice(0, 8).map(({ run }) => run()))
  expect(open).toBe(0)
})
