import { fromBytes } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { digestOf, parseDiffId } from '@drayage/digest'
import {
  buildImage,
  buildIndex,
  buildLayer,
  randomBytes,
  tempDir,
  type TempDir,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { inspectImage } from './inspect-image.ts'
import { listImages } from './list-images.ts'
import { pruneImages } from './prune-images.ts'
import { pullAllTags, pullImage } from './pull-image.ts'
import { sweepStore } from './sweep-store.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS, testStore } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let image: TestImage

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    runtime = await openTestRuntime(directory.path, { kind })
    image = await buildImage({
      layers: [[{ path: 'a', content: randomBytes(1, 5000) }], [{ path: 'b', content: randomBytes(2, 5000) }]],
    })
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const damage = (digest: Digest, how: 'flip' | 'remove'): Promise<void> =>
    testStore(kind, directory.path).damage(digest, how)

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
    expect(await pullImage(runtime, name, { platforms: [arm.platform] })).toMatchObject({
      image: arm.imageId,
      upToDate: false,
    })
    expect(await findFaults(await runtime.openStore())).toEqual([])
  })

  test('pullImage() fetches a layer again that the store lost, and nothing else', async () => {
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
  ] as const)('pullImage() mends a %s that the store lost or changed (%s)', async (part, how) => {
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

  test('pullImage() refuses a config with other DiffIDs and leaves no layer and no image', async () => {
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

  test('pullImage() leaves no layer registered when a later one cannot be', async () => {
    const [first] = image.layers
    if (first === undefined) throw new Error('no layer')
    const cut = await buildLayer([{ path: 'a', content: randomBytes(3, 5000) }])
    const bytes = cut.bytes.subarray(0, -4)
    const descriptor = { ...cut.descriptor, digest: digestOf(bytes), size: bytes.byteLength }
    const broken = await buildImage({ layers: [first, { ...cut, bytes, descriptor }] })
    const name = await registry.push('app', 'broken', broken)
    await expect(pullImage(runtime, name)).rejects.toMatchObject({ cause: { code: 'ERR_COMPRESSED_DATA' } })
    const store = await runtime.openStore()
    expect(await store.layers.find(first.descriptor.digest)).toBeUndefined()
    expect(await listImages(runtime)).toEqual([])
  })

  test('pullImage() continues at the byte where a broken pull stopped, also after a sweep', async () => {
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
    await images.remove({
      names: (await images.listNames()).map((each) => each.name),
      targets: [image.manifest.digest],
    })
    expect(await leases.sweep([image.manifest.digest], () => {})).toEqual([image.manifest.digest])
  })

  describe('of an index with attestations', () => {
    let images: TestImage[]
    let index: TestIndex
    let name: string

    beforeEach(async () => {
      images = await Promise.all(
        ['amd64', 'arm64', 's390x'].map((architecture) =>
          buildImage({
            layers: image.layers,
            platform: { os: 'linux', architecture },
            config: { author: architecture },
          }),
        ),
      )
      index = buildIndex(images, { attested: true })
      name = await registry.push('app', 'index', index)
    })

    const architectures = async (text: string): Promise<readonly string[]> => {
      const { images: stored } = await runtime.openStore()
      const [found] = (await stored.find(text)).images
      return found.platforms.map(({ platform }) => platform.architecture).toSorted()
    }

    test('pullImage() of one platform after another keeps all under one name, and the third time is up to date', async () => {
      const [amd64, arm64] = images
      for (const [one, upToDate] of [
        [amd64, false],
        [arm64, false],
        [arm64, true],
        [amd64, true],
      ] as const) {
        const platforms = one === undefined ? [] : [one.platform]
        const pulled = await pullImage(runtime, name, { platforms })
        expect(pulled).toMatchObject({ image: one?.imageId, digest: index.manifest.digest, upToDate })
        expect(pulled.target).toMatchObject(index.manifest)
      }
      expect(await listImages(runtime)).toMatchObject([{ RepoTags: [name] }])
      expect((await pruneImages(runtime)).removed).toEqual([])
      expect(await architectures(name)).toEqual(['amd64', 'arm64'])
      expect(await findFaults(await runtime.openStore())).toEqual([])
    })

    test('pullImage() brings several platforms at once, and knows where all of it came from', async () => {
      const [amd64, arm64, s390x] = images
      const chosen = [s390x, amd64].filter((each) => each !== undefined)
      const pulled = await pullImage(runtime, name, { platforms: chosen.map(({ platform }) => platform) })
      expect(pulled.images.map(({ id }) => id)).toEqual([s390x?.imageId, amd64?.imageId])
      expect(await architectures(name)).toEqual(['amd64', 's390x'])
      const store = await runtime.openStore()
      for (const each of [...chosen, index.images[3], index.images[5]]) {
        for (const digest of each?.blobs.keys() ?? []) {
          expect(await store.images.sourcesOf(digest)).toMatchObject([{ domain: registry.host, path: 'app' }])
        }
      }
      expect(await store.images.sourcesOf(arm64?.config.digest ?? image.config.digest)).toEqual([])
    })

    test('pullImage() brings all that the index lists, or nothing', async () => {
      const pulled = await pullImage(runtime, name, { allPlatforms: true })
      expect(pulled).toMatchObject({ image: images[0]?.imageId, upToDate: false })
      expect(await architectures(name)).toEqual(['amd64', 'arm64', 's390x'])
      expect(await pullImage(runtime, name, { allPlatforms: true })).toMatchObject({ upToDate: true })
      const absent = images[1]?.manifest.digest
      await using sparse = await startRegistry((handler) => async (request) => {
        const isAbsent =
          absent !== undefined && request.url.endsWith(`/manifests/${absent}`) && request.method !== 'PUT'
        return await handler(isAbsent ? { ...request, url: request.url.replace(absent, digestOf('none')) } : request)
      })
      await using other = await openTestRuntime(`${directory.path}/other`, { kind })
      const partly = await sparse.push('app', '1', index)
      await expect(pullImage(other, partly, { allPlatforms: true })).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_/) as string,
      })
      expect(await listImages(other)).toEqual([])
      expect(await pullImage(other, partly)).toMatchObject({ image: images[0]?.imageId })
    })

    test('pullImage() by a digest keeps what it names, whether a tag stands for it or not', async () => {
      const byDigest = `${registry.host}/app@${index.manifest.digest}`
      for (const _ of [1, 2]) {
        await pullImage(runtime, byDigest)
        expect((await pruneImages(runtime)).removed).toEqual([])
        const names = await (await runtime.openStore()).images.listNames()
        expect(names.map(({ reference, isPinned }) => [reference, isPinned])).toEqual([[byDigest, true]])
      }
    })
  })

  test('pullImage() keeps an artifact as content under its name', async () => {
    const chart = await buildImage({
      layers: [await buildLayer([{ path: 'Chart.yaml' }])],
      manifest: {
        config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: digestOf('{}'), size: 2 },
      },
    })
    chart.blobs.set(digestOf('{}'), new TextEncoder().encode('{}'))
    const name = await registry.push('charts/app', '1', chart)
    const first = await pullImage(runtime, name)
    expect(first).toMatchObject({ digest: chart.manifest.digest, upToDate: false })
    expect([first.image, first.images]).toEqual([undefined, []])
    expect(await pullImage(runtime, name)).toMatchObject({ upToDate: true })
    await sweepStore(runtime)
    expect((await pruneImages(runtime)).removed).toEqual([])
    const { content } = await runtime.openStore()
    for (const what of [chart.manifest, ...chart.manifestValue.layers, chart.manifestValue.config]) {
      expect(await content.has(what)).toBe(true)
    }
    expect(await listImages(runtime)).toMatchObject([{ Id: chart.manifest.digest, RepoTags: [name] }])
    await expect(inspectImage(runtime, name)).rejects.toMatchObject({ code: 'ERR_NOT_AN_IMAGE' })
  })

  test('pullAllTags() pulls every tag', async () => {
    const other = await buildImage()
    await registry.push('app', 'one', image)
    await registry.push('app', 'two', other)
    const pulled = await pullAllTags(runtime, `${registry.host}/app`)
    expect(pulled.map((each) => each.image)).toEqual([image.imageId, other.imageId])
  })
})
