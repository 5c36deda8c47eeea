import { buildImage, randomBytes, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { diskUsage } from './disk-usage.ts'
import { listImages } from './list-images.ts'
import { parseUntil } from './image-filters.ts'
import { pruneImages } from './prune-images.ts'
import { pullImage } from './pull-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

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
