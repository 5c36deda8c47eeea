import { buildImage, buildIndex, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { imageHistory } from './image-history.ts'
import { inspectImage } from './inspect-image.ts'
import { listImages } from './list-images.ts'
import { pruneImages } from './prune-images.ts'
import { pullImage } from './pull-image.ts'
import { removeImage } from './remove-image.ts'
import { removePlatforms } from './remove-platforms.ts'
import { tagImage } from './tag-image.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'
import { AMD64, ARM64, ARM_V7, buildThreePlatforms } from '../test/three-platforms.ts'

describe.each(STORE_KINDS)('an index with several images over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let images: readonly TestImage[]
  let index: ReturnType<typeof buildIndex>
  let name: string

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    runtime = await openTestRuntime(directory.path, { kind })
    ;({ images, index } = await buildThreePlatforms())
    name = await registry.push('app', '1', index)
  })
  afterEach(async () => {
    expect(await findFaults(await runtime.openStore())).toEqual([])
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  async function pullEach(...platforms: readonly (typeof AMD64)[]): Promise<void> {
    for (const platform of platforms)
      if (platform !== undefined) await pullImage(runtime, name, { platforms: [platform] })
  }

  /** What of the index is here, in the order of its entries: images by platform, then their attestations. */
  async function present(): Promise<string[]> {
    const { content } = await runtime.openStore()
    const found: string[] = []
    for (const [at, each] of index.images.entries()) {
      const parts = [...each.blobs.keys()].map((digest) => ({
        digest,
        mediaType: 'x',
        size: each.blobs.get(digest)?.length ?? 0,
      }))
      const here = await Promise.all(parts.map((part) => content.has(part)))
      if (here.every(Boolean)) found.push(['amd64', 'arm64', 'armv7'][at % 3] + (at < 3 ? '' : ' attestation'))
    }
    return found
  }

  async function removing(
    ...[text, platforms, force]: [string, readonly (typeof AMD64)[], boolean?]
  ): Promise<unknown> {
    const wanted = platforms.filter((each) => each !== undefined)
    return await removePlatforms(runtime, text, wanted, { force: force === true })
  }

  test('platforms pulled one after the other are one image, and a prune takes nothing', async () => {
    await pullEach(AMD64, ARM64)
    const listed = await listImages(runtime)
    expect(listed).toHaveLength(1)
    expect(listed[0]).toMatchObject({ RepoTags: [name], Descriptor: index.manifest })
    expect((await pruneImages(runtime)).removed).toEqual([])
    expect(await present()).toEqual(['amd64', 'arm64', 'amd64 attestation', 'arm64 attestation'])
  })

  test('every digest of an image finds it, and inspect and history show the image that is meant', async () => {
    await pullEach(AMD64, ARM64)
    const [amd64, arm64] = images
    for (const text of [index.manifest.digest, index.manifest.digest.slice(7, 19), name]) {
      expect(await inspectImage(runtime, text)).toMatchObject({ Architecture: 'amd64', Descriptor: index.manifest })
    }
    for (const { imageId, manifest, platform } of [amd64, arm64].filter((each) => each !== undefined)) {
      const { architecture } = platform
      for (const text of [imageId, imageId.slice(7, 20), manifest.digest, manifest.digest.slice(0, 20)]) {
        expect(await inspectImage(runtime, text)).toMatchObject({ Architecture: architecture, RepoTags: [name] })
      }
    }
    expect(await inspectImage(runtime, name, { platform: ARM64 })).toMatchObject({
      Architecture: 'arm64',
      Descriptor: arm64?.manifest,
    })
    expect(await imageHistory(runtime, name, { platform: ARM64 })).toHaveLength(2)
    for (const work of [
      inspectImage(runtime, name, { platform: ARM_V7 }),
      imageHistory(runtime, name, { platform: ARM_V7 }),
    ]) {
      await expect(work).rejects.toMatchObject({ code: 'ERR_PLATFORM_NOT_FOUND' })
    }
  })

  test('removePlatforms() is refused while there is a name, and takes one platform when it is forced', async () => {
    await pullEach(AMD64, ARM64)
    await tagImage(runtime, name, 'mine')
    await expect(removing(name, [ARM64])).rejects.toMatchObject({
      code: 'ERR_PLATFORM_CONFLICT',
      message: expect.stringContaining('linux/arm64'),
    })
    await expect(removing(name, [ARM_V7], true)).rejects.toMatchObject({ code: 'ERR_PLATFORM_NOT_FOUND' })
    await expect(removing('none', [ARM64], true)).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
    expect(await removing(name, [ARM64], true)).toEqual([{ Deleted: images[1]?.manifest.digest }])
    expect(await present()).toEqual(['amd64', 'amd64 attestation'])
    expect((await listImages(runtime)).map(({ RepoTags }) => RepoTags)).toEqual([['mine:latest', name].toSorted()])
    await pullEach(ARM64)
    expect(await present()).toEqual(['amd64', 'arm64', 'amd64 attestation', 'arm64 attestation'])
  })

  test('removePlatforms() of the last image leaves the names, which a pull fills again', async () => {
    await pullEach(AMD64)
    expect(await removing(name, [AMD64], true)).toHaveLength(1)
    expect(await present()).toEqual([])
    expect(await listImages(runtime)).toMatchObject([{ Id: index.manifest.digest, RepoTags: [name] }])
    await expect(inspectImage(runtime, name)).rejects.toMatchObject({ code: 'ERR_PLATFORM_NOT_FOUND' })
    await pullEach(AMD64)
    expect(await inspectImage(runtime, name)).toMatchObject({ Architecture: 'amd64' })
  })

  test('an image that two indexes have stays in one when the other loses it', async () => {
    const [amd64, arm64] = images
    if (amd64 === undefined || arm64 === undefined) throw new Error('no images')
    const other = await registry.push('other', '1', buildIndex([arm64, amd64]))
    await pullEach(AMD64)
    await pullImage(runtime, other, { platforms: [AMD64].filter((each) => each !== undefined) })
    await removing(name, [AMD64], true)
    expect(await inspectImage(runtime, other)).toMatchObject({ Id: amd64.imageId, RepoTags: [other] })
    await removeImage(runtime, other)
    expect((await listImages(runtime)).map(({ RepoTags }) => RepoTags)).toEqual([[name]])
  })

  test('removing the last name takes all platforms and attestations', async () => {
    await pullEach(AMD64, ARM64)
    await tagImage(runtime, name, 'mine')
    await removeImage(runtime, name)
    expect(await present()).toHaveLength(4)
    expect(await removeImage(runtime, 'mine')).toContainEqual({ Deleted: images[0]?.imageId })
    const { content } = await runtime.openStore()
    expect(await Array.fromAsync(content.list())).toEqual([])
  })

  test('an image that was pulled by its digest is listed and kept', async () => {
    const byDigest = `${registry.host}/app@${index.manifest.digest}`
    await pullImage(runtime, byDigest)
    expect(await listImages(runtime)).toMatchObject([{ RepoTags: [], RepoDigests: [byDigest] }])
    expect(await listImages(runtime, { filters: ['dangling=true'] })).toEqual([])
    expect((await pruneImages(runtime)).removed).toEqual([])
    await pullImage(runtime, name)
    await removeImage(runtime, name)
    expect(await listImages(runtime)).toMatchObject([{ RepoTags: [], RepoDigests: [byDigest] }])
    await removeImage(runtime, byDigest)
    expect(await listImages(runtime)).toEqual([])
  })

  test('the ID is that of the config or of the target, as the settings have it', async () => {
    await pullEach(ARM64, AMD64)
    const view = { ...runtime, imageId: 'target' as const }
    expect((await listImages(runtime))[0]?.Id).toBe(images[0]?.imageId)
    expect((await listImages(view))[0]?.Id).toBe(index.manifest.digest)
    expect(await inspectImage(view, images[1]?.imageId ?? '')).toMatchObject({ Id: index.manifest.digest })
    expect(await removeImage(view, name)).toEqual([
      { Untagged: name },
      { Untagged: `${registry.host}/app@${index.manifest.digest}` },
      { Deleted: index.manifest.digest },
    ])
  })

  test('the digest of a target in a repository means the tags there', async () => {
    await pullEach(AMD64)
    await tagImage(runtime, name, 'mine:1')
    await tagImage(runtime, name, 'mine:2')
    const view = { ...runtime, imageId: 'target' as const }
    const byDigest = `mine@${index.manifest.digest}`
    expect((await inspectImage(view, 'mine:1')).RepoDigests).toContain(byDigest)
    expect((await inspectImage(runtime, byDigest)).RepoTags).toContain('mine:2')
    const [amd64] = images
    const byImage = `mine@${amd64?.manifest.digest}`
    expect(await inspectImage(runtime, byImage)).toMatchObject({ Id: amd64?.imageId })
    await expect(inspectImage(runtime, `other@${index.manifest.digest}`)).rejects.toMatchObject({
      code: 'ERR_IMAGE_NOT_FOUND',
    })
    expect(await removeImage(view, byDigest)).toEqual([{ Untagged: 'mine:1' }, { Untagged: 'mine:2' }])
    expect((await listImages(runtime)).map(({ RepoTags }) => RepoTags)).toEqual([[name]])
  })

  test('a digest of one image of an index names that image alone', async () => {
    await pullEach(AMD64, ARM64)
    const [, arm64] = images
    await tagImage(runtime, arm64?.manifest.digest ?? '', 'arm:1')
    expect(await inspectImage(runtime, 'arm:1')).toMatchObject({ Id: arm64?.imageId, Descriptor: arm64?.manifest })
    await removeImage(runtime, name)
    expect(await inspectImage(runtime, 'arm:1')).toMatchObject({ Id: arm64?.imageId })
    expect((await listImages(runtime)).map(({ RepoTags }) => RepoTags)).toEqual([['arm:1']])
  })

  test('a prune takes an index without a name, and leaves its image that has one', async () => {
    await pullEach(AMD64)
    await tagImage(runtime, images[0]?.manifest.digest ?? '', 'alone:1')
    const moved = buildIndex([await buildImage({ config: { author: 'new' } })])
    await registry.push('app', '1', moved)
    await pullImage(runtime, name)
    await pruneImages(runtime)
    expect(await (await runtime.openStore()).images.get(index.manifest)).toBe(undefined)
    expect(await inspectImage(runtime, 'alone:1')).toMatchObject({ RepoTags: ['alone:1'] })
  })

  test('a tag that moves leaves the former index without a name, which a prune takes', async () => {
    await pullEach(AMD64, ARM64)
    const moved = buildIndex([await buildImage({ config: { author: 'new' } })])
    await registry.push('app', '1', moved)
    await pullImage(runtime, name)
    expect((await listImages(runtime)).map(({ RepoTags }) => RepoTags)).toEqual([[], [name]])
    expect(await listImages(runtime, { filters: ['dangling=true'] })).toMatchObject([{ Descriptor: index.manifest }])
    expect((await pruneImages(runtime)).removed).toContainEqual({ Deleted: images[0]?.imageId })
    expect(await present()).toEqual([])
    expect(await inspectImage(runtime, name)).toMatchObject({ RepoTags: [name] })
  })
})
