import { type Digest, digestOf } from '@drayage/digest'
import { encodeManifest, type ImageIndex, MEDIA_TYPES } from '@drayage/manifest'
import { buildImage, buildIndex, type TestIndex } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createMemoryStore, type MemoryStore } from '../stores/memory-store.ts'
import { DEFAULT_MAX_WALK_COUNT, DEFAULT_MAX_WALK_DEPTH, walk } from './walk.ts'
import { writeBlob } from './blobs.ts'

async function storeOf(blobs: ReadonlyMap<Digest, Uint8Array>): Promise<MemoryStore> {
  const store = createMemoryStore()
  for (const [digest, bytes] of blobs) {
    await writeBlob(store, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  return store
}

async function nested(depth: number): Promise<TestIndex> {
  let index = buildIndex([await buildImage()])
  for (let level = 1; level < depth; level++) index = buildIndex([index])
  return index
}

test('walk() gives children before their parents, each once, with decoded manifests', async () => {
  const amd64 = await buildImage()
  const arm64 = await buildImage({ layers: amd64.layers, platform: { os: 'linux', architecture: 'arm64' } })
  const index = buildIndex([amd64, arm64, amd64])
  const steps = await Array.fromAsync(walk(await storeOf(index.blobs), index.manifest))
  expect(steps.map(({ descriptor }) => descriptor.digest)).toEqual([
    amd64.config.digest,
    ...amd64.layers.map(({ descriptor }) => descriptor.digest),
    amd64.manifest.digest,
    arm64.config.digest,
    arm64.manifest.digest,
    index.manifest.digest,
  ])
  expect(steps.map(({ manifest }) => manifest?.kind)).toEqual([
    undefined,
    undefined,
    'image',
    undefined,
    'image',
    'index',
  ])
})

test('walk() leaves out what is skipped and what is only below it', async () => {
  const image = await buildImage()
  const other = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
  const index = buildIndex([image, other])
  const store = await storeOf(index.blobs)
  await store.delete(other.manifest.digest)
  const steps = await Array.fromAsync(
    walk(store, index.manifest, { skip: async ({ digest }) => digest === other.manifest.digest }),
  )
  expect(steps.map(({ descriptor }) => descriptor.digest)).not.toContain(other.manifest.digest)
  expect(steps).toHaveLength(image.layers.length + 3)
})

test('walk() follows a manifest that something else calls a layer', async () => {
  const image = await buildImage()
  const bytes = image.manifestBytes
  const disguise = await buildImage({ manifest: { layers: [{ ...image.manifest, mediaType: MEDIA_TYPES.ociLayer }] } })
  const index = buildIndex([disguise, image])
  const store = await storeOf(new Map([...index.blobs, [digestOf(bytes), bytes]]))
  const steps = await Array.fromAsync(walk(store, index.manifest))
  expect(steps.map(({ descriptor }) => descriptor.digest)).toContain(image.layers[0]?.descriptor.digest)
})

test('walk() refuses nesting that is deeper than the limit', async () => {
  const index = await nested(50)
  const store = await storeOf(index.blobs)
  await expect(Array.fromAsync(walk(store, index.manifest))).rejects.toMatchObject({
    code: 'ERR_WALK_LIMIT',
    limit: 'maxDepth',
    maximum: DEFAULT_MAX_WALK_DEPTH,
  })
  expect(await Array.fromAsync(walk(store, index.manifest, { maxDepth: 51 }))).toHaveLength(53)
  const fits = await nested(DEFAULT_MAX_WALK_DEPTH - 1)
  expect(await Array.fromAsync(walk(await storeOf(fits.blobs), fits.manifest))).toHaveLength(DEFAULT_MAX_WALK_DEPTH + 2)
})

test('walk() refuses more content than the limit', async () => {
  const image = await buildImage()
  const store = await storeOf(image.blobs)
  expect(DEFAULT_MAX_WALK_COUNT).toBe(100_000)
  await expect(Array.fromAsync(walk(store, image.manifest, { maxCount: 2 }))).rejects.toMatchObject({
    code: 'ERR_WALK_LIMIT',
    limit: 'maxCount',
    maximum: 2,
  })
  expect(await Array.fromAsync(walk(store, image.manifest, { maxCount: 3 }))).toHaveLength(3)
})

test('walk() ends when an index names a digest of another document', async () => {
  const self: ImageIndex = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: [{ mediaType: MEDIA_TYPES.ociIndex, digest: digestOf('self'), size: 400 }],
  }
  const bytes = encodeManifest(self)
  const root = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(bytes), size: bytes.byteLength }
  // A source that gives the index for whatever it is asked.
  const liar = {
    fetch: async function* () {
      yield bytes
    },
  }
  await expect(Array.fromAsync(walk(liar, root))).rejects.toMatchObject({ code: 'ERR_CONTENT_SHORT' })
})

test('walk() rejects with the reason of its signal', async () => {
  const image = await buildImage()
  const controller = new AbortController()
  const reason = new Error('enough')
  const walking = (async () => {
    for await (const _ of walk(await storeOf(image.blobs), image.manifest, { signal: controller.signal })) {
      controller.abort(reason)
    }
  })()
  await expect(walking).rejects.toBe(reason)
})
