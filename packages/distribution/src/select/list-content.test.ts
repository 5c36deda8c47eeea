import { createMemoryStore, writeBlob, type MemoryStore } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { parsePlatform } from '@drayage/manifest'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import { beforeEach, expect, test } from 'vitest'

import { listContent } from './list-content.ts'

const options = { name: 'app', retry: { attempts: 1, stepMs: 0 }, onEvent: (): void => {} }

let amd64: TestImage
let arm64: TestImage
let armv7: TestImage
let index: TestIndex

beforeEach(async () => {
  const layers = [[{ path: 'base', content: 'shared' }]]
  amd64 = await buildImage({ platform: parsePlatform('linux/amd64'), layers })
  arm64 = await buildImage({ platform: parsePlatform('linux/arm64'), layers })
  armv7 = await buildImage({ platform: parsePlatform('linux/arm/v7'), layers })
  index = buildIndex([amd64, arm64, armv7], { attested: true })
})

async function storeOf(...images: readonly (TestImage | TestIndex)[]): Promise<MemoryStore> {
  const store = createMemoryStore()
  for (const [digest, bytes] of images.flatMap(({ blobs }) => [...blobs])) {
    await writeBlob(store, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  return store
}

async function put(store: MemoryStore, { manifest, manifestBytes }: TestIndex): Promise<void> {
  await writeBlob(store, manifest, manifestBytes)
}

async function listed(store: MemoryStore, target = index.manifest): Promise<[Digest, boolean][]> {
  return (await listContent(store, target, options)).map(({ manifest, isThere }) => [manifest.digest, isThere])
}

const [IMAGES, ATTESTATIONS] = [3, 6]

test('listContent() tells in the order of the index what is there with all that it needs', async () => {
  const digests = index.images.map(({ manifest }) => manifest.digest)
  expect(await listed(await storeOf(index))).toEqual(digests.map((digest) => [digest, true]))
  const some = await storeOf(amd64, armv7, ...index.images.slice(IMAGES, ATTESTATIONS))
  await put(some, index)
  expect(await listed(some)).toEqual(digests.map((digest, at) => [digest, at !== 1]))
})

test('listContent() tells every image that lacks a layer, also one that they share', async () => {
  const store = await storeOf(index)
  const [shared] = amd64.layers
  if (shared === undefined) throw new Error('no layer')
  await store.delete(shared.descriptor.digest)
  expect((await listed(store)).map(([, isThere]) => isThere)).toEqual([false, false, false, true, true, true])
})

test('listContent() follows indexes within the index that are there, and names those that are not', async () => {
  const inner = buildIndex([amd64, arm64])
  const absent = buildIndex([armv7])
  const outer = buildIndex([inner, absent, inner])
  const store = await storeOf(arm64)
  await put(store, inner)
  await put(store, outer)
  expect(await listed(store, outer.manifest)).toEqual([
    [amd64.manifest.digest, false],
    [arm64.manifest.digest, true],
    [absent.manifest.digest, false],
  ])
})

test('listContent() of an image, and of an index that is not there, is the one entry', async () => {
  const store = await storeOf(amd64)
  expect(await listed(store, amd64.manifest)).toEqual([[amd64.manifest.digest, true]])
  expect(await listed(store)).toEqual([[index.manifest.digest, false]])
})
