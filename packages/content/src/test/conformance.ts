import { contentCases } from '../conformance.ts'
import type { HeldContent } from '../conformance.ts'
import { createMemoryStore, type MemoryStore } from '../stores/memory-store.ts'
import { writeBlob } from '../blobs/blobs.ts'

type Disposable = { [Symbol.asyncDispose](): Promise<void> }
const nothing: Disposable = { async [Symbol.asyncDispose]() {} }
const noHandles = { 'open-handles': 'it opens no files or sockets' }

async function storeWith(contents: HeldContent['contents']): Promise<MemoryStore> {
  const store = createMemoryStore()
  for (const { what, bytes } of contents) await writeBlob(store, what, bytes)
  return store
}

/** What of this package takes part in suites. */
export const conformance = {
  'memory store': contentCases({
    fetch: {
      create: async ({ contents }) => ({ source: await storeWith(contents), ...nothing }),
      lacks: noHandles,
    },
    has: { create: async ({ contents }) => ({ source: await storeWith(contents), ...nothing }) },
    ingest: {
      async create() {
        const store = createMemoryStore()
        return { store, reopen: async () => store, ...nothing }
      },
      lacks: noHandles,
    },
    follow: { create: async () => ({ store: createMemoryStore(), ...nothing }) },
    resolve: {
      async create({ names }) {
        const store = createMemoryStore()
        for (const { name, manifest } of names) await store.tag(manifest.what, name)
        return { source: store, ...nothing }
      },
      lacks: { 'digest-names': 'it knows names only by the text that they were given with' },
    },
    tag: { create: async ({ contents }) => ({ store: await storeWith(contents), ...nothing }) },
    list: { create: async ({ contents }) => ({ store: await storeWith(contents), ...nothing }) },
    delete: { create: async ({ contents }) => ({ store: await storeWith(contents), ...nothing }) },
    referrers: 'it reads no manifests',
    keepReferrers: 'it reads no manifests',
  }),
}
