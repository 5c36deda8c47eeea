import { digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { expect, test } from 'vitest'

import {
  bindSuite,
  contentCases,
  type ConformanceCase,
  type ContentParticipations,
  type HeldContent,
  type NamedManifests,
} from './conformance.ts'
import { createMemoryStore, type MemoryStore } from './stores/memory-store.ts'
import { writeBlob } from './blobs/blobs.ts'

type Flaw = (store: MemoryStore) => Partial<MemoryStore>

const unknown: Descriptor = { mediaType: 'x/y', digest: digestOf('unknown'), size: 1 }

/** Stores with one flaw each, which the suite of the ability must notice. */
const flaws: readonly [keyof ContentParticipations, string, Flaw][] = [
  ['has', 'has() is always true', () => ({ has: async () => true })],
  ['has', 'has() ignores its signal', (store) => ({ has: (what) => store.has(what) })],
  ['delete', 'delete() does nothing', () => ({ delete: async () => true })],
  [
    'fetch',
    'fetch() ignores the offset',
    (store) => ({ fetch: (what, { signal } = {}) => store.fetch(what, { signal }) }),
  ],
  [
    'fetch',
    'fetch() never verifies the size',
    () => ({
      fetch: async function* () {
        yield new Uint8Array(1)
      },
    }),
  ],
  [
    'ingest',
    'begin() takes any key',
    (store) => ({ begin: (key, options) => store.begin(key.replaceAll(/[^a-z0-9]/g, '').slice(0, 9) || 'x', options) }),
  ],
  ['ingest', 'begin() ignores its signal', (store) => ({ begin: (key) => store.begin(key) })],
  [
    'follow',
    'an ingest cannot be followed',
    (store) => ({
      begin: async (key, options) => Object.defineProperty(await store.begin(key, options), 'follow', { value: 0 }),
    }),
  ],
  ['list', 'list() gives nothing', () => ({ list: async function* () {} })],
  ['tag', 'tag() does nothing', () => ({ tag: async () => {} })],
  ['resolve', 'resolve() knows every name', () => ({ resolve: async () => unknown })],
]

const none = 'not of interest'
const notTested: ContentParticipations = {
  fetch: none,
  has: none,
  ingest: none,
  follow: none,
  resolve: none,
  tag: none,
  list: none,
  delete: none,
  referrers: none,
  keepReferrers: none,
}

/** The suite of one ability, over memory stores with a flaw. */
function flawedCases(ability: keyof ContentParticipations, flaw: Flaw): ConformanceCase[] {
  const create = async ({ contents = [], names = [] }: Partial<HeldContent & NamedManifests>) => {
    const intact = createMemoryStore()
    for (const { what, bytes } of contents) await writeBlob(intact, what, bytes)
    for (const { name, manifest } of names) await intact.tag(manifest.what, name)
    const store = { ...intact, ...flaw(intact) }
    return { source: store, store, async [Symbol.asyncDispose]() {} }
  }
  const lacks = { 'open-handles': none, reopen: none }
  return contentCases({ ...notTested, [ability]: { create, lacks } }).filter(({ skipped }) => skipped === undefined)
}

test.each(flaws)('the suite of %s notices that %s', async (ability, _, flaw) => {
  const outcomes = flawedCases(ability, flaw)
    .filter(({ name }) => !name.includes('any split') && !name.includes('any prefix'))
    .map(({ run }) =>
      Promise.race([
        run().then(
          () => 'met',
          () => 'not met',
        ),
        new Promise<string>((resolve) => setTimeout(resolve, 2_000, 'not met')),
      ]),
    )
  expect(await Promise.all(outcomes)).toContain('not met')
})

test('a case disposes of its subject, also after a failure', async () => {
  let open = 0
  const requirement = { name: 'fails', given: {}, check: () => Promise.reject(new Error('broken')) }
  const [failing] = bindSuite('suite', [requirement], {
    async create() {
      open++
      return { [Symbol.asyncDispose]: async () => void open-- }
    },
  })
  await expect(failing?.run()).rejects.toThrow('broken')
  expect(open).toBe(0)
})

test('a case is skipped with the reason why its implementer cannot run it', () => {
  const requirements = [{ name: 'a', given: {}, needs: ['wings'], check: async () => {} }]
  const create = async (): Promise<AsyncDisposable> => ({ async [Symbol.asyncDispose]() {} })
  expect(bindSuite('suite', requirements, 'it is a stone')).toMatchObject([{ skipped: 'it is a stone' }])
  const [lacking] = bindSuite('suite', requirements, { create, lacks: { wings: 'it is a whale' } })
  expect(lacking?.skipped).toBe('it is a whale')
  expect(bindSuite('suite', requirements, { create })[0]?.skipped).toBeUndefined()
})
