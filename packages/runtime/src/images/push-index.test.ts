import type { DistributionEvent } from '@drayage/distribution'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { parsePlatform, type Platform } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildIndex, tempDir, type TempDir, type TestImage, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { listImages } from './list-images.ts'
import { pullImage } from './pull-image.ts'
import { pushImage } from './push-image.ts'
import type { PushImageOptions } from './push-options.ts'
import { tagImage } from './tag-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'
import { AMD64, ARM64, ARM_V7, buildThreePlatforms } from '../test/three-platforms.ts'

describe.each(STORE_KINDS)('an index of three images over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let other: TestRegistry
  let runtime: Runtime
  let images: readonly TestImage[]
  let index: TestIndex
  let name: string
  let target: string

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    other = await startRegistry()
    runtime = await openTestRuntime(directory.path, { kind })
    ;({ images, index } = await buildThreePlatforms())
    name = await registry.push('app', '1', index)
    target = `${other.host}/app:1`
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  async function pull(...platforms: readonly Platform[]): Promise<void> {
    await pullImage(runtime, name, { platforms })
    await tagImage(runtime, name, target)
  }

  const pushed = async (to: string, options: PushImageOptions = {}): Promise<string> =>
    (await pushImage(runtime, to, options)).target.digest

  const manifestOf = (at: number): string => images[at]?.manifest.digest ?? 'none'

  const writes = ({ requests }: TestRegistry): string[] =>
    requests
      .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
      .map(({ method, path }) => `${method} ${path}`)

  /** What a registry has of the index and of all that it lists. */
  async function heldBy({ host }: TestRegistry): Promise<string[]> {
    const { registry: client } = runtime
    const repository = client.repository(parseReference(`${host}/app`))
    const found: string[] = []
    for (const { manifest } of [...index.images, index]) if (await repository.has(manifest)) found.push(manifest.digest)
    return found
  }

  test('one platform that is pushed back keeps the index in its repository', async () => {
    await pull(ARM64)
    expect(await pushed(name)).toBe(index.manifest.digest)
    expect(writes(registry)).toEqual(['PUT /v2/app/manifests/1'])
    expect(await heldBy(registry)).toHaveLength(7)
  })

  test('an index that would lose an image is refused before anything is written', async () => {
    await pull(AMD64, ARM64)
    await expect(pushed(target)).rejects.toMatchObject({
      code: 'ERR_INDEX_INCOMPLETE',
      missing: ['linux/arm/v7'],
      here: ['linux/amd64', 'linux/arm64'],
      message: `Cannot push "${target}": its index would be there with linux/amd64, linux/arm64 and without linux/arm/v7`,
      hint: expect.stringMatching(
        /`dray pull --all-platforms .*\/app@sha256:.*`.*`--sparse`.*`--platform linux\/amd64`/,
      ),
    })
    expect(writes(other)).toEqual([])
    await expect(pushed(target, { whenIncomplete: 'one' })).rejects.toMatchObject({ code: 'ERR_INDEX_INCOMPLETE' })
    expect(writes(other)).toEqual([])
  })

  test('an index that would lose only an attestation is refused too', async () => {
    const attested = index.images[4]
    if (attested === undefined) throw new Error('no attestation')
    await pullImage(runtime, name, { allPlatforms: true })
    const { content } = await runtime.openStore()
    await content.delete(attested.manifest.digest)
    await tagImage(runtime, name, target)
    await expect(pushed(target)).rejects.toMatchObject({ missing: ['the attestation of linux/arm64'] })
  })

  test('an index that is here whole goes with its digest and its attestations', async () => {
    await pull(AMD64)
    await pull(ARM64)
    await pull(ARM_V7)
    expect(await pushed(target)).toBe(index.manifest.digest)
    expect(await heldBy(other)).toHaveLength(7)
    const [listed] = await listImages(runtime)
    expect(listed?.RepoDigests).toContain(`${other.host}/app@${index.manifest.digest}`)
  })

  test('an index goes where the registry has what is not here', async () => {
    await other.push('app', 'old', buildIndex(images.slice(1), { attested: true }))
    await pull(AMD64)
    expect(await pushed(target)).toBe(index.manifest.digest)
    expect(await heldBy(other)).toHaveLength(7)
  })

  test('platforms choose exactly one image without its index, and say what is here where there is none', async () => {
    await pull(AMD64, ARM_V7)
    expect(await pushed(target, { platforms: [ARM_V7] })).toBe(manifestOf(2))
    expect(await pushed(target, { platforms: [parsePlatform('linux/arm')] })).toBe(manifestOf(2))
    for (const text of ['linux/arm64', 'linux/arm/v8', 'linux/amd64/v2']) {
      await expect(pushed(target, { platforms: [parsePlatform(text)] })).rejects.toMatchObject({
        code: 'ERR_PLATFORM_NOT_FOUND',
        available: [AMD64, ARM_V7],
      })
    }
    const [listed] = await listImages(runtime)
    expect(listed?.RepoDigests).not.toContain(`${other.host}/app@${manifestOf(2)}`)
  })

  test('several platforms go within the index, where the registry has the others', async () => {
    await pullImage(runtime, name, { allPlatforms: true })
    await tagImage(runtime, name, target)
    const platforms = [AMD64, ARM64]
    await expect(pushed(target, { platforms })).rejects.toMatchObject({ missing: ['linux/arm/v7'] })
    expect(writes(other)).toEqual([])
    await other.push('app', 'old', buildIndex(images.slice(2), { attested: true }))
    expect(await pushed(target, { platforms })).toBe(index.manifest.digest)
  })

  test('a sparse index goes to a registry that takes it, and another one says no', async () => {
    await pull(AMD64, ARM64)
    await expect(pushed(target, { sparse: true })).rejects.toMatchObject({ code: 'ERR_SPARSE_INDEX' })
    await using lax = await startLaxRegistry()
    const there = `${lax.host}/app:1`
    await tagImage(runtime, name, there)
    expect(await pushed(there, { sparse: true })).toBe(index.manifest.digest)
    expect(await heldBy(lax)).toEqual([
      ...[0, 1, 3, 4].map((at) => index.images[at]?.manifest.digest),
      index.manifest.digest,
    ])
    await using few = await startLaxRegistry()
    const one = `${few.host}/app:1`
    await tagImage(runtime, name, one)
    expect(await pushed(one, { sparse: true, platforms: [ARM64] })).toBe(index.manifest.digest)
    expect(await heldBy(few)).toEqual([...[1, 4].map((at) => index.images[at]?.manifest.digest), index.manifest.digest])
  })

  test('the only image that is here goes instead of its index where that is wanted, and an event says so', async () => {
    await pull(ARM64)
    const events: DistributionEvent[] = []
    const result = await pushImage(runtime, target, { whenIncomplete: 'one', onEvent: (each) => events.push(each) })
    expect(result).toMatchObject({ target: { digest: manifestOf(1) }, insteadOf: index.manifest })
    expect(events.filter(({ type }) => type === 'pushing' || type === 'instead-of-index')).toMatchObject([
      { type: 'pushing' },
      { type: 'instead-of-index', index: index.manifest, manifest: { digest: manifestOf(1), platform: ARM64 } },
    ])
    expect(await pushed(name, { whenIncomplete: 'one' })).toBe(index.manifest.digest)
  })

  test('a conversion makes an index of what is here', async () => {
    await pull(AMD64, ARM64)
    const digest = await pushed(target, { compression: { type: 'zstd' } })
    expect(digest).not.toBe(index.manifest.digest)
    await using reader = await openTestRuntime(`${directory.path}/reader`, { kind })
    await pullImage(reader, target, { allPlatforms: true })
    const [listed] = await listImages(reader)
    expect(listed?.Descriptor.digest).toBe(digest)
    await expect(pullImage(reader, target, { platforms: [ARM_V7] })).rejects.toMatchObject({
      code: 'ERR_PLATFORM_NOT_FOUND',
    })
    expect(await pushed(target, { format: 'v2s1' })).not.toBe(digest)
  })

  /** A registry that takes an index without what it lists. */
  async function startLaxRegistry(): Promise<TestRegistry> {
    const lax = createRegistryHandler({ storage: createMemoryStorage(), sparse: true })
    return await startRegistry(() => lax)
  }
})
