import { digestOf } from '@drayage/digest'
import { USE_PRECISION_MS } from '@drayage/image-store'
import { MEDIA_TYPES } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { afterEach, expect, test, vi } from 'vitest'

import { storeInMemory } from './memory-store.ts'
import { noteUseOf } from './note-use.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('noteUseOf() is a use until it is disposed', async () => {
  vi.useFakeTimers({ now: 1_000_000 })
  await using store = await storeInMemory().open()
  const target = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf('a'), size: 1 }
  await store.images.tag(target, parseReference('a:1'))
  const usedAt = async (): Promise<number | undefined> => (await store.images.get(target))?.usedAtMs
  const use = await noteUseOf(store, target)
  await vi.advanceTimersByTimeAsync(5 * USE_PRECISION_MS)
  expect(await usedAt()).toBe(Date.now())
  use[Symbol.dispose]()
  await vi.advanceTimersByTimeAsync(5 * USE_PRECISION_MS)
  expect(await usedAt()).toBe(Date.now() - 5 * USE_PRECISION_MS)
})
