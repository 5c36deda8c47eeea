import { chmod, readFile, rm, writeFile } from 'node:fs/promises'

import { fromBytes } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { parseDiffId } from '@drayage/digest'
import {
  buildImage,
  buildIndex,
  buildLayer,
  layerFromTar,
  randomBytes,
  tempDir,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Runtime } from '../create-runtime.ts'
import { inspectImage } from './inspect-image.ts'
import { listImages } from './list-images.ts'
import { pullAllTags, pullImage } from './pull-image.ts'
import { sweepStore } from './sweep-store.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'

let directory: TempDir
let registry: TestRegistry
let runtime: Runtime
let image: TestImage

beforeEach(async () => {
  directory = await tempDir()
  registry = await startRegistry()
  runtime = await openTestRuntime(directory.path)
  image = await buildImage({
    layers: [[{ path: 'a', content: randomBytes(1, 5000) }], [{ path: 'b', content: randomBytes(2, 5000) }]],
  })
})
afterEach(async () => {
  await runtime[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

/** Changes one byte of a blob on the disk, or removes it. */
async function damage(digest: Digest, how: 'flip' | 'remove'): Promise<void> {
  const file = (await runtime.openStore()).content.blobPath(digest)
  if (how === 'remove') return rm(file)
  const bytes = await readFile(file)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  await chmod(file, 0o600)
  await writeFile(file, bytes)
}

test('pullImage() brings the image of an index, names it and finds it up to date then', async () => {
  const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
  const index = buildIndex([arm, image])
  const name = await registry.push('app', '1', index)
  const first = await pullImage(runtime, name)
  expect(first).toMatchObject({ image: image.imageId, digest: index.manifest.digest, upToDate: false })
  expect(await inspectImage(runtime, name)).toMatchObject({
    Id: image.imageId,
    RepoTags: [name],
    RepoDigests: [`${registry.host}/app@${index.manifest.digest}`],
  })
  const asked = registry.blobRequests().length
  expect(await pullImage(runtime, name)).toMatchObject({ upToDate: true })
  expect(registry.blobRequests()).toHaveLength(asked)
  expect(await pullImage(runtime, name, { platform: { os: 'linux', architecture: 'arm64' } })).toMatchObject({
    image: arm.imageId,
    upToDate: false,
  })
  expect(await findFaults(await runtime.openStore())).toEqual([])
})

test('pullImage() fetches a layer again that is missing from the disk, and nothing else', async () => {
  const name = await registry.push('app', '1', image)
  await pullImage(runtime, name)
  const [, lost] = image.layers
  if (lost === undefined) throw new Error('no layer')
  await damage(lost.descriptor.digest, 'remove')
  const before = registry.blobRequests().length
  expect(await pullImage(runtime, name)).toMatchObject({ image: image.imageId })
  expect(registry.blobRequests().slice(before)).toEqual([`GET ${lost.descriptor.digest}`])
  expect(await findFaults(await runtime.openStore())).toEqual([])
})

test.each([
  ['manifest', 'remove'],
  ['manifest', 'flip'],
  ['config', 'remove'],
  ['config', 'flip'],
] as const)('pullImage() mends a %s that the disk lost or changed (%s)', async (part, how) => {
  const name = await registry.push('app', '1', image)
  await pullImage(runtime, name)
  await damage(image[part].digest, how)
  expect(await pullImage(runtime, name)).toMatchObject({ image: image.imageId })
  expect(await findFaults(await runtime.openStore())).toEqual([])
})

test('pullImage() registers layers again that were lost from the records', async () => {
  const name = await registry.push('app', '1', image)
  await pullImage(runtime, name)
  const store = await runtime.openStore()
  await store.layers.release(image.imageId)
  expect(await findFaults(store)).not.toEqual([])
  await pullImage(runtime, name)
  expect(await findFaults(store)).toEqual([])
})

test('pullImage() refuses a config with other DiffIDs and leaves no layer and no image (S06)', async () => {
  const [first, second] = image.layers
  if (first === undefined || second === undefined) throw new Error('no layers')
  const wrong = parseDiffId(`sha256:${'0'.repeat(64)}`)
  for (const diff_ids of [[first.diffId], [first.diffId, wrong]]) {
    const lying = await buildImage({ layers: image.layers, config: { rootfs: { type: 'layers', diff_ids } } })
    const name = await registry.push('app', 'lying', lying)
    await expect(pullImage(runtime, name)).rejects.toMatchObject({ code: /ERR_(LAYER_COUNT|IMAGE_MISMATCH)/ })
    expect(await listImages(runtime)).toEqual([])
  }
  const { layers } = await runtime.openStore()
  expect(await layers.find(first.descriptor.digest)).toBeUndefined()
})

test('pullImage() leaves no layer registered when a later one cannot be (I4)', async () => {
  const broken = await buildLayer([{ path: 'a', content: 'x' }], { compression: 'none' })
  const tar = broken.tar.slice(0, 700)
  const [first] = image.layers
  if (first === undefined) throw new Error('no layer')
  const name = await registry.push('app', 'broken', await buildImage({ layers: [first, layerFromTar(tar)] }))
  await expect(pullImage(runtime, name)).rejects.toMatchObject({ cause: { code: 'ERR_LAYER_TAR' } })
  const store = await runtime.openStore()
  expect(await store.layers.find(first.descriptor.digest)).toBeUndefined()
  expect(await listImages(runtime)).toEqual([])
})

test('pullImage() goes on at the byte where a broken pull stopped, also after a sweep (I6)', async () => {
  const big = await buildImage({ layers: [[{ path: 'big', content: randomBytes(7, 3_000_000) }]] })
  const [layer] = big.layers
  if (layer === undefined) throw new Error('no layer')
  let isBroken = true
  await using shaky = await startRegistry((handler) => async (request) => {
    const response = await handler(request)
    if (!isBroken || !request.url.endsWith(layer.descriptor.digest) || request.method !== 'GET') return response
    const from = Number(/\d+/.exec(request.headers?.['range'] ?? 'bytes=0-')?.[0])
    const bytes = layer.bytes.subarray(from, 1_500_000)
    return { ...response, body: fromBytes(bytes) }
  })
  const name = await shaky.push('app', '1', big)
  await expect(pullImage(runtime, name)).rejects.toMatchObject({ code: 'ERR_TRANSFER' })
  isBroken = false
  await sweepStore(runtime)
  const before = shaky.requests.length
  await pullImage(runtime, name)
  const ranges = shaky.requests.slice(before).filter(({ path }) => path.endsWith(layer.descriptor.digest))
  expect(ranges.map(({ range }) => range)).toEqual([expect.stringMatching(/^bytes=[1-9]\d{5,6}-$/)])
  expect(await findFaults(await runtime.openStore())).toEqual([])
})

test('pullImage() rejects with the reason of its signal and shows nothing', async () => {
  const name = await registry.push('app', '1', image)
  const reason = new Error('enough')
  await expect(pullImage(runtime, name, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(await listImages(runtime)).toEqual([])
})

test('pullImage() twice at once shares the download, and ends its leases', async () => {
  const name = await registry.push('app', '1', image)
  await Promise.all([pullImage(runtime, name), pullImage(runtime, name)])
  const layer = image.layers[0]?.descriptor.digest
  expect(registry.blobRequests().filter((request) => request === `GET ${layer}`)).toHaveLength(1)
  const { leases, images } = await runtime.openStore()
  await images.remove(image.imageId, { force: true })
  expect(await leases.sweep([image.manifest.digest], async () => {})).toEqual([image.manifest.digest])
})

test('pullAllTags() pulls every tag', async () => {
  const other = await buildImage()
  await registry.push('app', 'one', image)
  await registry.push('app', 'two', other)
  const pulled = await pullAllTags(runtime, `${registry.host}/app`)
  expect(pulled.map((each) => each.image)).toEqual([image.imageId, other.imageId])
})
