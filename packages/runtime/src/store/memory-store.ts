import { createKeyedLock, createMemoryStore, type ContentStore, type Taker } from '@drayage/content'

import type { Scratch, Store, StoreOpener } from './store.ts'

/** Options of {@link storeInMemory}. */
export interface MemoryStoreOptions {
  /** Holds the bytes; a new memory store by default. */
  readonly content?: ContentStore & Taker
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/**
 * A store in memory, for tests and for programs that keep nothing. All runtimes that are given the same opener share its
 * images, which last as long as the opener does.
 */
export function storeInMemory(options: MemoryStoreOptions = {}): StoreOpener {
  let opening: Promise<Store> | undefined
  return {
    location: 'memory',
    uploadSessions: undefined,
    open: () => (opening ??= createStore(options)),
    exists: async () => true,
    openScratch: async (): Promise<Scratch> => Object.assign(createMemoryStore(), { async [Symbol.asyncDispose]() {} }),
  }
}

async function createStore({ content = createMemoryStore(), now = Date.now }: MemoryStoreOptions): Promise<Store> {
  // What programs without a store need not load.
  const { createMemoryMetadata } = await import('@drayage/image-store')
  const { createMemoryLayerStore } = await import('@drayage/layer-store')
  const lock = createKeyedLock()
  return {
    content,
    layers: createMemoryLayerStore({ content }),
    ...createMemoryMetadata({ content, now }),
    async lockImages(options) {
      const release = await lock.acquire('images', options)
      return { [Symbol.asyncDispose]: async () => release() }
    },
    async [Symbol.asyncDispose]() {},
  }
}
