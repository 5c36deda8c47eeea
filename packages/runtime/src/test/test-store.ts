import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { createMemoryStore, type MemoryStore } from '@drayage/content'
import { digestHex, verify, type Digest } from '@drayage/digest'

import { storeInDirectory } from '../store/file-store/store-in-directory.ts'
import { storeInMemory } from '../store/memory-store.ts'
import type { StoreOpener } from '../store/store.ts'

/** A kind of store. */
export type StoreKind = 'file' | 'memory'

/** A store to test with, and what can happen to it behind its back. */
export interface TestStore {
  readonly opener: StoreOpener
  /** Changes one byte of a blob, or removes it. */
  damage(digest: Digest, how: 'flip' | 'remove'): Promise<void>
}

/** Options of {@link testStore}. */
export interface TestStoreOptions {
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/** How a store of each kind is made for a directory. Called again, it makes one with the same images. */
const STORES: Readonly<Record<StoreKind, (directory: string, options: TestStoreOptions) => TestStore>> = {
  file: (directory, options) => testFileStore(path.join(directory, 'store'), options),
  memory: (directory, options) => kept('memory', directory, () => testMemoryStore(options)),
}

/** The kinds of stores that verbs are tested over. */
export const STORE_KINDS: readonly StoreKind[] = Object.keys(STORES).filter((kind) => isStoreKind(kind))

function isStoreKind(kind: string): kind is StoreKind {
  return Object.hasOwn(STORES, kind)
}

/** The store of a kind for a directory, with the same images at each call. */
export function testStore(kind: StoreKind, directory: string, options: TestStoreOptions = {}): TestStore {
  return STORES[kind](directory, options)
}

const inProcess = new Map<string, TestStore>()

/** The one store of this kind and directory, for kinds whose images are in this process. */
function kept(kind: StoreKind, directory: string, make: () => TestStore): TestStore {
  const key = `${kind} ${directory}`
  const store = inProcess.get(key) ?? make()
  inProcess.set(key, store)
  return store
}

function testFileStore(directory: string, options: TestStoreOptions): TestStore {
  return {
    opener: storeInDirectory(directory, options),
    async damage(digest, how) {
      const file = path.join(directory, 'blobs/sha256', digestHex(digest))
      if (how === 'remove') return await rm(file)
      const bytes = await readFile(file)
      bytes[0] = (bytes[0] ?? 0) ^ 1
      await chmod(file, 0o600)
      await writeFile(file, bytes)
    },
  }
}

function testMemoryStore(options: TestStoreOptions): TestStore {
  const damaged = new Set<Digest>()
  const intact = createMemoryStore()
  const content: MemoryStore = {
    ...intact,
    async *fetch(what, fetching = {}) {
      if (!damaged.has(what.digest)) return yield* intact.fetch(what, fetching)
      const bytes = flipFirst(intact.fetch(what, { ...fetching, verify: false }))
      yield* fetching.verify === false ? bytes : verify(bytes, what)
    },
    async begin(key, beginning) {
      const ingest = await intact.begin(key, beginning)
      const { commit } = ingest
      return Object.defineProperty(ingest, 'commit', {
        async value(...args: Parameters<typeof commit>) {
          const outcome = await commit(...args)
          damaged.delete(args[0].digest)
          return outcome
        },
      })
    },
  }
  return {
    opener: storeInMemory({ content, ...options }),
    async damage(digest, how) {
      if (how === 'flip') damaged.add(digest)
      else await content.delete(digest)
    },
  }
}

async function* flipFirst(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let isFirst = true
  for await (const chunk of source) {
    if (isFirst) chunk[0] = (chunk[0] ?? 0) ^ 1
    isFirst = false
    yield chunk
  }
}
