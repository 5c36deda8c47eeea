import { readdir } from 'node:fs/promises'
import path from 'node:path'

import { readBlob, walk } from '@drayage/content'
import { isLayerType, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from './copy-images.ts'
import { copyImages } from './copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { planImages } from './plan-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { pushImage } from '../images/push-image.ts'
import { openRemote } from '../remote/remote.ts'
import { tagImage } from '../images/tag-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let image: TestImage
  let name: string
  let target: string

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    registry = await startRegistry()
    image = await buildImage({
      layers: [[{ path: 'a', content: randomBytes(1, 300_000) }], [{ path: 'b', content: 'b'.repeat(3_000_000) }]],
    })
    name = await registry.push('app', '1', image)
    target = `${registry.host}/converted:1`
  })
  afterEach(async () => {
    expect(await readdir(path.join(directory.path, 'store/scratch')).catch(() => [])).toEqual([])
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  /** Types of all that the target has, each verified. */
  async function contentOf(reference: string): Promise<Descriptor[]> {
    const parsed = parseReference(reference)
    const repository = openRemote(runtime, parsed)
    const found: Descriptor[] = []
    for await (const { descriptor } of walk(repository, await repository.resolve(parsed))) {
      await readBlob(repository, descriptor)
      found.push(descriptor)
    }
    return found
  }

  const types = (content: readonly Descriptor[]): string[] => content.map(({ mediaType }) => mediaType)

  test.each([
    [{ compression: { type: 'zstd' } }, [MEDIA_TYPES.ociConfig, MEDIA_TYPES.ociLayerZstd, MEDIA_TYPES.ociManifest]],
    [{ format: 'v2s2' }, [MEDIA_TYPES.dockerConfig, MEDIA_TYPES.dockerLayerGzip, MEDIA_TYPES.dockerManifest]],
    [
      { format: 'oci', compression: { type: 'gzip', level: 9 } },
      [MEDIA_TYPES.ociConfig, MEDIA_TYPES.ociLayerGzip, MEDIA_TYPES.ociManifest],
    ],
  ] as const)('pushImage() converts to %j, and the image keeps its ID', async (wanted, [config, layer, manifest]) => {
    await pullImage(runtime, name)
    await tagImage(runtime, name, target)
    const { target: pushed } = await pushImage(runtime, target, wanted)
    expect(pushed.digest).not.toBe(image.manifest.digest)
    const content = await contentOf(target)
    expect(types(content)).toEqual([config, layer, layer, manifest])
    expect(content[0]?.digest).toBe(image.config.digest)
    await using other = await openTestRuntime(path.join(directory.path, 'other'), { kind })
    await pullImage(other, target)
    expect((await inspectImage(other, target)).Id).toBe(image.imageId)
  })

  test('zstd without a format makes OCI manifests of those that know no zstd', async () => {
    const docker = await buildImage({ format: 'docker', layers: [[{ path: 'a', content: 'a' }]] })
    const source = await registry.push('docker', '1', docker)
    await copyImage(runtime, source, `docker://${target}`, { compression: { type: 'zstd' } })
    const { ociConfig, ociLayerZstd, ociManifest } = MEDIA_TYPES
    expect(types(await contentOf(target))).toEqual([ociConfig, ociLayerZstd, ociManifest])
    const kept = { format: 'v2s2', compression: { type: 'zstd' } } as const
    await expect(copyImage(runtime, source, `docker://${target}`, kept)).rejects.toThrow('zstd')
  })

  test('pushImage() gives equal digests when it converts again, and sends no layer twice', async () => {
    await pullImage(runtime, name)
    await tagImage(runtime, name, target)
    const first = await pushImage(runtime, target, { compression: { type: 'zstd' } })
    const before = registry.requests.length
    const again = await pushImage(runtime, target, { compression: { type: 'zstd' } })
    expect(again.target).toEqual(first.target)
    const sent = registry.requests.slice(before).filter(({ method }) => method === 'PUT' || method === 'PATCH')
    expect(sent.map((request) => request.path)).toEqual(['/v2/converted/manifests/1'])
  })

  test('pushImage() changes nothing when there is nothing to convert', async () => {
    await pullImage(runtime, name)
    await tagImage(runtime, name, target)
    const { target: pushed } = await pushImage(runtime, target, { format: 'oci', compression: { type: 'gzip' } })
    expect(pushed).toEqual(image.manifest)
  })

  test('pushImage() refuses what there is not before anything is sent', async () => {
    await pullImage(runtime, name)
    await tagImage(runtime, name, target)
    const before = registry.requests.length
    for (const wanted of [
      { format: 'v2s2', compression: { type: 'zstd' } },
      { format: 'v2s1', compression: { type: 'zstd' } },
      { compression: { type: 'gzip', level: 10 } },
    ] as const) {
      await expect(pushImage(runtime, target, wanted)).rejects.toThrow(RangeError)
    }
    expect(registry.requests).toHaveLength(before)
  })

  test('copyImage() converts an index whole, or the image of one platform', async () => {
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const multi = await registry.push('multi', '1', buildIndex([image, arm]))
    await copyImage(runtime, multi, target, { all: true, format: 'v2s2', compression: { type: 'gzip', level: 1 } })
    const content = await contentOf(target)
    expect(content.at(-1)?.mediaType).toBe(MEDIA_TYPES.dockerIndex)
    expect(types(content).filter(isLayerType)).toEqual(Array(3).fill(MEDIA_TYPES.dockerLayerGzip))
    const one = await copyImage(runtime, multi, target, { compression: { type: 'zstd' } })
    expect(one.mediaType).toBe(MEDIA_TYPES.ociManifest)
  })

  test('copyImage() converts on the way to a layout, a directory, an archive and the store', async () => {
    const wanted = { compression: { type: 'zstd' } } as const
    const [layout, dir, file] = ['layout', 'dir', 'file'].map((each) => path.join(directory.path, each))
    const copied = await copyImage(runtime, name, `oci:${layout}:1`, wanted)
    expect(copied.digest).not.toBe(image.manifest.digest)
    expect((await copyImage(runtime, name, `dir:${dir}`, wanted)).digest).toBe(copied.digest)
    expect((await copyImage(runtime, name, `oci-archive:${file}`, wanted)).digest).toBe(copied.digest)
    expect((await copyImage(runtime, name, 'store:kept:1', wanted)).digest).toBe(copied.digest)
    expect((await inspectImage(runtime, 'kept:1')).Id).toBe(image.imageId)
  })

  test('copyImage() converts the chosen images of an index, which is made anew for them', async () => {
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const s390x = await buildImage({ platform: { os: 'linux', architecture: 's390x' } })
    const multi = await registry.push('multi', '1', buildIndex([image, arm, s390x]))
    const platforms = [arm.platform, s390x.platform]
    await copyImage(runtime, multi, target, { platforms, format: 'v2s2' })
    const content = await contentOf(target)
    expect(types(content).filter((type) => type === MEDIA_TYPES.dockerManifest)).toHaveLength(2)
    expect(content.map(({ digest }) => digest)).not.toContain(image.config.digest)
    await expect(
      copyImage(runtime, multi, target, { platforms, index: 'sparse', format: 'v2s2' }),
    ).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
    })
  })

  test('copyImages() converts each image, with the same digests in an archive and in a registry', async () => {
    const second = await registry.push('second', '1', await buildImage())
    const file = path.join(directory.path, 'file')
    const wanted = { compression: { type: 'zstd' } } as const
    const copied = await copyImages(runtime, [name, second], `oci-archive:${file}`, wanted)
    const pushed = await copyImages(runtime, [name, second], `docker://${registry.host}/mirror/`, wanted)
    expect(pushed).toMatchObject(copied.map(({ digest }) => ({ digest })))
    expect(types(await contentOf(`${registry.host}/mirror/second:1`))).toContain(MEDIA_TYPES.ociLayerZstd)
  })

  test('copyImage() takes referrers along when nothing changes, and refuses where they would be lost', async () => {
    const options = { referrers: {}, format: 'oci' } as const
    expect((await copyImage(runtime, name, target, options)).digest).toBe(image.manifest.digest)
    await expect(copyImage(runtime, name, target, { ...options, format: 'v2s2' })).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
    })
  })

  test('planImages() refuses a conversion', async () => {
    await expect(planImages(runtime, [name], target, { format: 'oci' })).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
    })
  })

  test('copyImage() keeps digests that are to stay', async () => {
    const options = { preserveDigests: true, format: 'oci' } as const
    expect((await copyImage(runtime, name, target, options)).digest).toBe(image.manifest.digest)
    for (const wanted of [{ format: 'v2s2' }, { format: 'v2s1' }, { compression: { type: 'zstd' } }] as const) {
      const copying = copyImage(runtime, name, target, { preserveDigests: true, ...wanted })
      await expect(copying).rejects.toMatchObject({ code: 'ERR_DIGEST_CHANGE' })
    }
  })

  test('copyImage() refuses a target that cannot hold what is asked for', async () => {
    for (const [to, options] of [
      [`docker-archive:${directory.path}/a.tar`, { format: 'oci' }],
      [`oci:${directory.path}/layout`, { format: 'v2s1' }],
      [target, { format: 'v2s1', all: true }],
    ] as const) {
      await expect(copyImage(runtime, name, to, options)).rejects.toMatchObject({ code: 'ERR_TRANSPORT' })
    }
  })
})
