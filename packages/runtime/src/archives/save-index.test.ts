import { execFileSync } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'

import { openDirImage, openOciArchive, openOciLayout, type LayoutSource } from '@drayage/archive'
import { parsePlatform, type Platform } from '@drayage/manifest'
import { tempDir, type TempDir, type TestImage, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { pullImage } from '../images/pull-image.ts'
import { pushImage } from '../images/push-image.ts'
import { tagImage } from '../images/tag-image.ts'
import { loadImages } from './load-images.ts'
import { saveImages } from './save-images.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'
import { AMD64, ARM64, ARM_V7, buildThreePlatforms } from '../test/three-platforms.ts'

describe.each(STORE_KINDS)('an index of three images over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let images: readonly TestImage[]
  let index: TestIndex
  let name: string

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    runtime = await openTestRuntime(directory.path, { kind })
    ;({ images, index } = await buildThreePlatforms())
    name = await registry.push('app', '1', index)
    await pullImage(runtime, name, { platforms: [AMD64, ARM64] })
    await tagImage(runtime, name, 'app:1')
    await mkdir(path.join(directory.path, 'out'))
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const out = (file: string): string => path.join(directory.path, 'out', file)
  const blob = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`
  const listOf = (file: string): unknown => JSON.parse(execFileSync('tar', ['-xOf', file, 'manifest.json']).toString())

  /** Which of the images and attestations of the index, by their positions, are there with all their content. */
  async function contents(layout: Pick<LayoutSource, 'has'>): Promise<number[]> {
    const found: number[] = []
    for (const [at, { blobs, manifest }] of index.images.entries()) {
      const parts = [...blobs].map(([digest, { byteLength: size }]) =>
        digest === manifest.digest ? manifest : { mediaType: '', digest, size },
      )
      const there = await Promise.all(parts.map((part) => layout.has(part)))
      if (there.every(Boolean)) found.push(at)
    }
    return found
  }

  test.each(['docker-oci-archive', 'oci-archive'] as const)(
    'saveImages() as %s keeps the index with all that is here of it, with equal bytes each time',
    async (format) => {
      await saveImages(runtime, ['app:1'], { output: out('a.tar'), format })
      await saveImages(runtime, ['app'], { output: out('b.tar'), format })
      expect((await readFile(out('a.tar'))).equals(await readFile(out('b.tar')))).toBe(true)
      await using archive = await openOciArchive(out('a.tar'))
      expect(await archive.select('1')).toMatchObject({ digest: index.manifest.digest })
      expect(await contents(archive)).toEqual([0, 1, 3, 4])
    },
  )

  test('saveImages() as a layout and as dir keeps the index with all that is here of it', async () => {
    await saveImages(runtime, ['app:1'], { output: out('layout'), format: 'oci' })
    const layout = await openOciLayout({ directory: out('layout') })
    expect(await layout.select('1')).toMatchObject({ digest: index.manifest.digest })
    expect(await contents(layout)).toEqual([0, 1, 3, 4])
    await saveImages(runtime, ['app:1'], { output: out('dir'), format: 'dir' })
    const dir = await openDirImage({ directory: out('dir') })
    expect(dir.root).toMatchObject({ digest: index.manifest.digest })
    expect(await contents(dir)).toEqual([0, 1, 3, 4])
  })

  test('older readers of the archive get the image for this machine, else the first', async () => {
    for (const [platform, at] of [
      [AMD64, 0],
      [ARM64, 1],
      [ARM_V7, 0],
    ] as const) {
      await saveImages({ ...runtime, platform }, ['app:1'], { output: out('a.tar') })
      const { config, layers } = images[at] ?? {}
      expect(listOf(out('a.tar'))).toEqual([
        {
          Config: blob(config?.digest ?? ''),
          RepoTags: ['app:1'],
          Layers: layers?.map(({ descriptor }) => blob(descriptor.digest)),
        },
      ])
    }
  })

  test('one platform is saved without the index, several within it, and what is not here is refused', async () => {
    const saved = async (...platforms: readonly Platform[]): Promise<{ digest: string; there: number[] }> => {
      await saveImages(runtime, ['app:1'], { output: out('a.tar'), platforms })
      await using archive = await openOciArchive(out('a.tar'))
      return { digest: (await archive.select('1')).digest, there: await contents(archive) }
    }
    expect(await saved(ARM64)).toEqual({ digest: images[1]?.manifest.digest, there: [1] })
    await pullImage(runtime, name, { platforms: [ARM_V7] })
    expect(await saved(ARM64, ARM_V7)).toEqual({ digest: index.manifest.digest, there: [1, 2, 4, 5] })
    const before = await readFile(out('a.tar'))
    await expect(saved(parsePlatform('linux/s390x'))).rejects.toMatchObject({
      code: 'ERR_PLATFORM_NOT_FOUND',
      available: [AMD64, ARM64, ARM_V7],
    })
    expect((await readFile(out('a.tar'))).equals(before)).toBe(true)
  })

  test('an image of it that was here and is lost in part is not left out: the save is refused', async () => {
    const { content } = await runtime.openStore()
    for (const lost of ['config', 'manifest'] as const) {
      await content.delete(images[1]?.[lost].digest ?? index.manifest.digest)
      const output = out('a.tar')
      await expect(saveImages(runtime, ['app:1'], { output })).rejects.toMatchObject({
        code: 'ERR_IMAGE_DAMAGED',
        message: expect.stringMatching(/"app:1": its image for linux\/arm64\S* is incomplete/),
      })
      await saveImages(runtime, ['app:1'], { output, platforms: [AMD64] })
      await pullImage(runtime, name, { platforms: [ARM64] })
      await saveImages(runtime, ['app:1'], { output })
    }
    await content.delete(index.manifest.digest)
    const message = expect.stringContaining(`${index.manifest.digest} is incomplete`) as string
    const saving = saveImages(runtime, ['app:1'], { output: out('a.tar') })
    await expect(saving).rejects.toMatchObject({ code: 'ERR_IMAGE_DAMAGED', message })
  })

  test('a docker-archive holds one image of it', async () => {
    const format = 'docker-archive'
    for (const [platforms, at] of [
      [[], 0],
      [[ARM64], 1],
    ] as const) {
      await saveImages(runtime, ['app:1'], { output: out('a.tar'), format, platforms })
      const config = `${images[at]?.imageId.slice('sha256:'.length)}.json`
      expect(listOf(out('a.tar'))).toMatchObject([{ RepoTags: ['app:1'], Config: config }])
    }
    await expect(
      saveImages(runtime, ['app:1'], { output: out('b.tar'), format, platforms: [AMD64, ARM64] }),
    ).rejects.toMatchObject({ code: 'ERR_TRANSPORT' })
  })

  test('an ID or a digest of one image saves that image, the digest of the index all of it, without names', async () => {
    const [, arm64] = images
    for (const [text, digest] of [
      [index.manifest.digest, index.manifest.digest],
      [arm64?.manifest.digest ?? '', arm64?.manifest.digest],
      [arm64?.imageId ?? '', arm64?.manifest.digest],
    ] as const) {
      await saveImages(runtime, [text], { output: out('a.tar') })
      await using archive = await openOciArchive(out('a.tar'))
      expect(await archive.entries()).toMatchObject([{ digest }])
      expect(listOf(out('a.tar'))).toMatchObject([{ RepoTags: null }])
    }
  })

  test('what was saved and loaded is pushed with its digest, and lacks what it lacked', async () => {
    await saveImages(runtime, ['app:1'], { output: out('a.tar') })
    await using elsewhere = await openTestRuntime(path.join(directory.path, 'elsewhere'), { kind })
    await loadImages(elsewhere, out('a.tar'))
    expect(await inspectImage(elsewhere, 'app:1', { platform: ARM64 })).toMatchObject({ Architecture: 'arm64' })
    await saveImages(elsewhere, ['app:1'], { output: out('b.tar') })
    expect((await readFile(out('b.tar'))).equals(await readFile(out('a.tar')))).toBe(true)
    const target = `${registry.host}/new:1`
    await tagImage(elsewhere, 'app:1', target)
    await expect(pushImage(elsewhere, target)).rejects.toMatchObject({ missing: ['linux/arm/v7'] })
    await tagImage(elsewhere, 'app:1', name)
    expect((await pushImage(elsewhere, name)).target.digest).toBe(index.manifest.digest)
  })
})
