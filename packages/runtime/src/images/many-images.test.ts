import { writeBlob } from '@drayage/content'
import { parseImageId } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import { buildImage, tempDir, type TestImage } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { diskUsage } from './disk-usage.ts'
import { listImages } from './list-images.ts'
import { pruneImages } from './prune-images.ts'
import { pullImage } from './pull-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { testStore } from '../test/test-store.ts'
import type { Store, StoreOpener } from '../store/store.ts'

/** A store whose calls are counted. */
function counted(opener: StoreOpener): { readonly opener: StoreOpener; readonly calls: Map<string, number> } {
  const calls = new Map<string, number>()
  const count = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(from, key: string) {
        const value: unknown = Reflect.get(from, key)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          calls.set(key, (calls.get(key) ?? 0) + 1)
          return value.apply(from, args)
        }
      },
    })
  const open = async (): Promise<Store> => {
    const store = await opener.open()
    const parts = { images: count(store.images), content: count(store.content), lockImages: store.lockImages }
    return Object.assign(Object.create(store) as Store, count(parts))
  }
  return { opener: { ...opener, open }, calls }
}

/** An image whose config lists no layers, so that none have to be registered. */
function buildPlain(author: string): Promise<TestImage> {
  return buildImage({ config: { author, rootfs: { type: 'layers', diff_ids: [] } } })
}

async function putByHand({ content, images }: Store, image: TestImage, name: string): Promise<void> {
  for (const [digest, bytes] of image.blobs) {
    await writeBlob(content, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  const { manifest, config } = image
  const platform = { id: parseImageId(config.digest), manifest, config, platform: image.platform, size: 1, layers: [] }
  await images.put(manifest, { platforms: [platform] }, { names: [{ name: parseReference(name) }] })
}

test('lists read no config of images that were pulled, and each other one once', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  const { opener, calls } = counted(testStore('file', directory.path).opener)
  await using runtime = await openTestRuntime(directory.path, { store: opener })
  const reads = async (work: () => Promise<unknown>): Promise<number> => {
    calls.clear()
    await work()
    return calls.get('readConfig') ?? 0
  }
  for (const at of ['1', '2', '3']) {
    const image = await buildImage({ config: { author: at, config: { Labels: { at } } } })
    await pullImage(runtime, await registry.push('app', at, image))
  }
  expect(await reads(() => listImages(runtime))).toBe(0)
  expect(await reads(() => diskUsage(runtime))).toBe(0)
  const labelled = await listImages(runtime, { filters: ['label=at=2'] })
  expect(labelled.map(({ Labels }) => Labels)).toEqual([{ at: '2' }])
  expect(labelled[0]?.Size).toBeGreaterThan(0)
  await putByHand(await runtime.openStore(), await buildPlain('4'), 'by/hand:1')
  expect(await reads(() => listImages(runtime))).toBe(1)
  expect(await reads(() => pruneImages(runtime, { all: true, filters: ['label=at=1'] }))).toBe(0)
})

test('listImages() with an exact reference looks at no other image', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  const { opener, calls } = counted(testStore('file', directory.path).opener)
  await using runtime = await openTestRuntime(directory.path, { store: opener })
  const names: string[] = []
  for (const at of ['1', '2']) names.push(await registry.push('app', at, await buildImage({ config: { author: at } })))
  for (const name of names) await pullImage(runtime, name)
  calls.clear()
  const found = await listImages(runtime, { filters: [`reference=${names[0]}`] })
  expect(found.map(({ RepoTags }) => RepoTags)).toEqual([[names[0]]])
  expect(await listImages(runtime, { filters: ['reference=app:none'] })).toEqual([])
  const both = await listImages(runtime, { filters: names.map((name) => `reference=${name}`) })
  expect(both.flatMap(({ RepoTags }) => RepoTags).toSorted()).toEqual(names)
  expect(calls.get('list')).toBeUndefined()
})

test('pruneImages() removes many images in one step', async () => {
  await using directory = await tempDir()
  const { opener, calls } = counted(testStore('file', directory.path).opener)
  await using runtime = await openTestRuntime(directory.path, { store: opener })
  const store = await runtime.openStore()
  for (let at = 0; at < 20; at++) {
    await putByHand(store, await buildPlain(`${at}`), `by/hand:${at}`)
  }
  calls.clear()
  const { removed, bytes } = await pruneImages(runtime, { all: true })
  expect(removed.filter((item) => 'Untagged' in item)).toHaveLength(20)
  expect(bytes).toBeGreaterThan(0)
  expect([calls.get('remove'), calls.get('find')]).toEqual([1, 20])
  expect(await listImages(runtime)).toEqual([])
})
