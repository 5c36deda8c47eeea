import { setTimeout as sleep } from 'node:timers/promises'

import { writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { buildImage, randomBytes, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { diskUsage, storeUsage } from './disk-usage.ts'
import { listImages } from './list-images.ts'
import { parseUntil } from './image-filters.ts'
import { pruneImages } from './prune-images.ts'
import type { PrunePlan } from './prune-plan.ts'
import { pullImage } from './pull-image.ts'
import { tagImage } from './tag-image.ts'
import { removeImage } from './remove-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes
}

/** Waits until the clock gives another time, by which names are told apart. */
async function nextMillisecond(): Promise<void> {
  for (const began = Date.now(); Date.now() === began;) await sleep(1)
}

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    runtime = await openTestRuntime(directory.path, { kind })
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const shared = [{ path: 'shared', content: randomBytes('shared', 4000) }]

  async function pullNew(name: string, label: string): Promise<string> {
    const layers = [shared, [{ path: 'own', content: randomBytes(`${name} ${label}`, 3000) }]]
    const image = await buildImage({ layers, config: { config: { Labels: { [label]: '1' } } } })
    const full = await registry.push(name, '1', image)
    await pullImage(runtime, full)
    return full
  }

  async function names(): Promise<string[]> {
    return (await listImages(runtime)).flatMap(({ RepoTags }) => RepoTags).toSorted()
  }

  test('pruneImages() removes images without a tag and tells how much smaller the store is', async () => {
    const kept = await pullNew('kept', 'a')
    await pullNew('moved', 'a')
    const moved = await pullNew('moved', 'b')
    expect(await listImages(runtime)).toHaveLength(3)
    const before = await diskUsage(runtime)
    const { removed, bytes } = await pruneImages(runtime)
    expect(removed.filter((item) => 'Deleted' in item).length).toBeGreaterThan(0)
    expect(await names()).toEqual([kept, moved].toSorted())
    expect(bytes).toBeGreaterThan(3000)
    expect(before.LayersSize - (await diskUsage(runtime)).LayersSize).toBe(bytes)
  })

  test('pruneImages() with `all` removes what the filters select', async () => {
    await pullNew('first', 'a')
    const second = await pullNew('second', 'b')
    await pruneImages(runtime, { all: true, filters: ['label=a=1'] })
    expect(await names()).toEqual([second])
    await pruneImages(runtime, { all: true, filters: ['label!=b'] })
    expect(await names()).toEqual([second])
    await pruneImages(runtime, { all: true, filters: ['until=1970-01-01T00:00:00Z'] })
    expect(await names()).toEqual([second])
    await pruneImages(runtime, { all: true, filters: ['until=1h'] })
    expect(await names()).toEqual([])
  })

  test('pruneImages() refuses invalid filters', async () => {
    for (const filter of ['x', 'dangling=true', 'until=yesterday']) {
      await expect(pruneImages(runtime, { filters: [filter] })).rejects.toMatchObject({ code: 'ERR_FILTER' })
    }
  })

  /** Leaves content that nothing needs, and where the store keeps such an unfinished download. */
  async function leaveBehind(): Promise<void> {
    const { content } = await runtime.openStore()
    const loose = randomBytes('loose', 700)
    await writeBlob(content, { mediaType: 'x/y', digest: digestOf(loose), size: loose.length }, loose)
    await using ingest = await content.begin(digestOf('unfinished'))
    await ingest.append(one(randomBytes('part', 300)))
  }

  test('pruneImages() tells beforehand what goes, to the byte, and removes nothing without approval', async () => {
    await pullNew('kept', 'a')
    await pullNew('moved', 'a')
    await pullNew('moved', 'b')
    await leaveBehind()
    const plans: PrunePlan[] = []
    const approve = async (plan: PrunePlan): Promise<boolean> => plans.push(plan) > 1
    const before = await diskUsage(runtime)
    expect(await pruneImages(runtime, { approve })).toEqual({ removed: [], bytes: 0 })
    expect(await diskUsage(runtime)).toEqual(before)
    expect((await storeUsage(runtime)).reclaimable).toBe(plans[0]?.bytes)
    const { bytes } = await pruneImages(runtime, { approve })
    expect(plans[1]).toEqual(plans[0])
    expect(plans[0]).toMatchObject({ bytes, looseBytes: 700, partialBytes: kind === 'file' ? 300 : 0 })
    expect(plans[0]?.images).toMatchObject([{ isWhole: true }])
    expect(await names()).toHaveLength(2)
  })

  test('pruneImages() with `keep` leaves the newest tags of each repository, and images that have another name', async () => {
    const [first, second, third] = [await pullNew('app', 'a'), await pullNew('b', 'b'), await pullNew('c', 'c')]
    const at = (tag: string): string => `registry.test/app:${tag}`
    for (const [name, tag] of [
      [first, '1'],
      [second, '2'],
      [third, '3'],
    ] as const) {
      await tagImage(runtime, name, at(tag))
      await nextMillisecond()
    }
    await removeImage(runtime, second)
    const { removed } = await pruneImages(runtime, { keep: 1 })
    expect(removed.filter((item) => 'Untagged' in item)).toEqual(
      expect.arrayContaining([{ Untagged: at('1') }, { Untagged: at('2') }]),
    )
    expect(await names()).toEqual([first, third, at('3')].toSorted())
    expect((await listImages(runtime)).length).toBe(2)
  })

  test('pruneImages() with `keep` takes only what the filters select', async () => {
    const [first, second] = [await pullNew('a', 'a'), await pullNew('b', 'b')]
    await pruneImages(runtime, { keep: 0, filters: ['label!=a'] })
    expect(await names()).toEqual([first])
    expect(second).not.toBe(first)
  })

  test('pruneImages() leaves an image that got a name since it was looked at', async () => {
    await pullNew('moved', 'a')
    await pullNew('moved', 'b')
    const dangling = (await listImages(runtime, { filters: ['dangling=true'] }))[0]?.Id ?? ''
    const approve = async (): Promise<boolean> => {
      await tagImage(runtime, dangling, 'rescued:1')
      return true
    }
    expect((await pruneImages(runtime, { approve })).removed).toEqual([])
    expect(await names()).toContain('rescued:1')
  })

  test('storeUsage() tells what is shared, alone, to be reclaimed and unfinished', async () => {
    await pullNew('first', 'a')
    const one = await storeUsage(runtime)
    expect(one).toMatchObject({ shared: 0, unique: one.bytes, reclaimable: 0, partial: 0 })
    await pullNew('second', 'b')
    await leaveBehind()
    const usage = await storeUsage(runtime)
    const partial = kind === 'file' ? 300 : 0
    expect(usage).toMatchObject({ bytes: usage.shared + usage.unique + 700, reclaimable: 700 + partial, partial })
    expect(usage.shared).toBeGreaterThanOrEqual(4000)
    const { Images } = await diskUsage(runtime)
    expect(Images.reduce((sum, { Size, SharedSize }) => sum + Size - SharedSize, 0)).toBe(usage.unique)
  })

  test('diskUsage() tells which bytes images share', async () => {
    await pullNew('first', 'a')
    const [alone] = (await diskUsage(runtime)).Images
    expect(alone).toMatchObject({ SharedSize: 0, Containers: 0 })
    await pullNew('second', 'b')
    const { Images, LayersSize } = await diskUsage(runtime)
    for (const { SharedSize, Size } of Images) {
      expect(SharedSize).toBeGreaterThanOrEqual(4000)
      expect(SharedSize).toBeLessThan(Size)
    }
    expect(LayersSize).toBeGreaterThan(10_000)
  })

  test('parseUntil() reads durations, seconds and RFC 3339', () => {
    expect(parseUntil('1h30m', 10_000_000)).toBe(10_000_000 - 5_400_000)
    expect(parseUntil('12.5', 0)).toBe(12_500)
    expect(parseUntil('1970-01-01T00:00:01Z', 0)).toBe(1000)
    expect(parseUntil('1.5h', 5_400_000)).toBe(0)
    expect(parseUntil('1h30m0.5s', 5_400_500)).toBe(0)
    expect(parseUntil('2000us', 2)).toBe(0)
    expect(() => parseUntil('', 0)).toThrow('Cannot filter images by "until="')
  })
})
