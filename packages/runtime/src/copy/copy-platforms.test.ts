import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'

import { openOciArchive, openOciLayout, type LayoutSource } from '@drayage/archive'
import { readBlob } from '@drayage/content'
import { decodeManifest, type Platform } from '@drayage/manifest'
import { buildImage, buildIndex, tempDir, type TempDir, type TestImage, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from './copy-images.ts'
import type { CopyImageOptions } from './copy-options.ts'
import { inspectImage } from '../images/inspect-image.ts'
import type { Runtime } from '../runtime.ts'
import { planImages } from './plan-images.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  const linux = (architecture: string): Platform => ({ os: 'linux', architecture })
  const platforms = [linux('arm64'), linux('s390x')]

  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let images: readonly TestImage[]
  let index: TestIndex
  let name: string

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    images = await Promise.all(['amd64', 'arm64', 's390x'].map((cpu) => buildImage({ platform: linux(cpu) })))
    index = buildIndex(images)
    registry = await startRegistry()
    name = await registry.push('app', '1', index)
    await mkdir(path.join(directory.path, 'out'))
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const out = (file: string): string => path.join(directory.path, 'out', file)

  /** The digests of the images that an index lists, and of those that are there. */
  async function contents(layout: LayoutSource): Promise<{ listed: string[]; there: string[] }> {
    const root = await layout.select()
    const manifest = decodeManifest(await readBlob(layout, root), root)
    const listed = manifest.kind === 'index' ? manifest.value.manifests : []
    const there: string[] = []
    for (const image of images) if (await layout.has(image.manifest)) there.push(image.manifest.digest)
    return { listed: listed.map(({ digest }) => digest), there }
  }

  const digests = (...at: readonly number[]): string[] => at.map((each) => images[each]?.manifest.digest ?? 'none')

  describe.each(['oci', 'oci-archive'] as const)('copyImage() to %s', (kind) => {
    const copied = async (
      options: CopyImageOptions,
    ): Promise<{ digest: string; listed: string[]; there: string[] }> => {
      const { digest } = await copyImage(runtime, name, `${kind}:${out('copy')}`, options)
      if (kind === 'oci') return { digest, ...(await contents(await openOciLayout({ directory: out('copy') }))) }
      await using archive = await openOciArchive(out('copy'))
      return { digest, ...(await contents(archive)) }
    }

    test('takes several platforms with a rewritten index', async () => {
      const { digest, ...rest } = await copied({ platforms })
      expect(digest).not.toBe(index.manifest.digest)
      expect(rest).toEqual({ listed: digests(1, 2), there: digests(1, 2) })
    })

    test('takes them with a sparse index, whose digest stays', async () => {
      expect(await copied({ platforms, index: 'sparse', preserveDigests: true })).toEqual({
        digest: index.manifest.digest,
        listed: digests(0, 1, 2),
        there: digests(1, 2),
      })
    })

    test('takes an index of the one image for the platform, and a full one', async () => {
      expect(await copied({ index: 'rewrite' })).toMatchObject({ listed: digests(0), there: digests(0) })
    })

    test('takes a full index', async () => {
      expect(await copied({ index: 'full' })).toMatchObject({ there: digests(0, 1, 2) })
    })

    test('refuses to change a digest that has to stay', async () => {
      const refused = { code: 'ERR_DIGEST_CHANGE' }
      await expect(copied({ platforms, preserveDigests: true })).rejects.toMatchObject(refused)
      expect((await readdir(out(''), { recursive: true })).filter((file) => file.includes('sha256'))).toEqual([])
    })
  })

  test('copyImage() takes the one image of a chosen platform, to every kind of place', async () => {
    const options = { platforms: [linux('arm64')] }
    const target = `docker://${registry.host}/other:1`
    for (const to of [target, `dir:${out('d')}`, `docker-archive:${out('a.tar')}`, `oci:${out('o')}`]) {
      expect([to, (await copyImage(runtime, name, to, options)).digest]).toEqual([to, ...digests(1)])
    }
    // A store keeps the index of the image.
    expect((await copyImage(runtime, name, 'store:x', options)).digest).toBe(index.manifest.digest)
    expect((await inspectImage(runtime, 'x')).Architecture).toBe('arm64')
  })

  test('copyImage() from the store takes what is asked for, or the image that is shown', async () => {
    await copyImage(runtime, name, 'store:app', { platforms: [linux('arm64'), linux('amd64')] })
    const target = `docker://${registry.host}/other:1`
    const places = [target, `docker-archive:${out('a.tar')}`, `oci:${out('o')}`]
    const copied = async (to: string, options: CopyImageOptions, from = 'store:app'): Promise<string> =>
      (await copyImage(runtime, from, to, options)).digest
    for (const to of places) expect(await copied(to, { platforms: [linux('arm64')] })).toBe(digests(1)[0])
    expect(await copied(target, {})).toBe(digests(0)[0])
    const [, arm64] = images
    const repository = `store:app@${arm64?.manifest.digest}`
    for (const from of [`store:${arm64?.imageId}`, `store:${arm64?.manifest.digest}`, repository]) {
      expect([from, await copied(target, {}, from)]).toEqual([from, digests(1)[0]])
    }
    await expect(copied(target, {}, `store:else@${arm64?.manifest.digest}`)).rejects.toMatchObject({
      code: 'ERR_IMAGE_NOT_FOUND',
    })
    await expect(copied(target, { platforms: [linux('s390x')] })).rejects.toMatchObject({
      code: 'ERR_PLATFORM_NOT_FOUND',
      available: [linux('amd64'), linux('arm64')],
    })
  })

  test('copyImage() takes an index of the store whole, or as it is here where that is asked for', async () => {
    const here = [linux('amd64'), linux('arm64')]
    await copyImage(runtime, name, 'store:app', { platforms: here })
    const target = `docker://${registry.host}/other:1`
    const before = registry.requests.length
    const refused = {
      code: 'ERR_INDEX_INCOMPLETE',
      missing: ['linux/s390x'],
      hint: expect.stringContaining('--index sparse'),
    }
    for (const to of [target, `oci:${out('o')}`, `oci-archive:${out('a')}`]) {
      await expect(copyImage(runtime, 'store:app', to, { all: true })).rejects.toMatchObject(refused)
      await expect(planImages(runtime, ['store:app'], to, { all: true })).rejects.toMatchObject(refused)
    }
    const writes = registry.requests.slice(before).filter(({ method }) => !['GET', 'HEAD'].includes(method))
    expect([writes, await readdir(out(''))]).toEqual([[], []])
    for (const [options, listed] of [
      [{ index: 'sparse' }, digests(0, 1, 2)],
      [{ index: 'rewrite' }, digests(0, 1)],
      [{ platforms: here }, digests(0, 1)],
    ] as const) {
      const to = `oci:${out(`index-${Object.keys(options)[0]}-${listed.length}`)}`
      const [plan] = await planImages(runtime, ['store:app'], to, options)
      const { digest } = await copyImage(runtime, 'store:app', to, options)
      expect(plan?.root.digest).toBe(digest)
      expect(digest === index.manifest.digest).toBe(listed.length === 3)
      const layout = await openOciLayout({ directory: to.slice('oci:'.length) })
      expect(await contents(layout)).toEqual({ listed, there: digests(0, 1) })
    }
    // The repository that it came from has the rest.
    expect((await copyImage(runtime, 'store:app', `docker://${name}`, { all: true })).digest).toBe(
      index.manifest.digest,
    )
    expect((await copyImage(runtime, 'store:app', 'store:again')).digest).toBe(index.manifest.digest)
    await copyImage(runtime, name, 'store:app', { platforms: [linux('s390x')] })
    const [plan] = await planImages(runtime, ['store:app'], target, { all: true })
    expect(plan?.root.digest).toBe(index.manifest.digest)
    expect((await copyImage(runtime, 'store:again', target, { all: true })).digest).toBe(index.manifest.digest)
  })

  test('copyImage() refuses several platforms, or digests that stay, where the target cannot hold them', async () => {
    const transport = { code: 'ERR_TRANSPORT' }
    const archive = `docker-archive:${out('a.tar')}`
    await expect(copyImage(runtime, name, archive, { index: 'sparse' })).rejects.toMatchObject(transport)
    await expect(copyImage(runtime, name, archive, { preserveDigests: true })).rejects.toMatchObject({
      code: 'ERR_DIGEST_CHANGE',
    })
    const other = `docker://${registry.host}/other:1`
    const sparse = copyImage(runtime, name, other, { platforms, index: 'sparse' })
    await expect(sparse).rejects.toMatchObject({ code: 'ERR_SPARSE_INDEX' })
    expect(await readdir(out(''))).toEqual([])
  })
})
