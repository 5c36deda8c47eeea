import { buildImage, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { diskUsage } from './disk-usage.ts'
import { imageHistory } from './image-history.ts'
import { inspectImage } from './inspect-image.ts'
import { listImages } from './list-images.ts'
import { pruneImages } from './prune-images.ts'
import { pullImage } from './pull-image.ts'
import { removeImage } from './remove-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS, testStore, type TestStore } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let store: TestStore
  let bad: { readonly image: TestImage; readonly name: string }
  let good: string

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    store = testStore(kind, directory.path)
    await using runtime = await openTestRuntime(directory.path, { kind })
    const image = await buildImage({ config: { config: { Labels: { keep: '1' } } } })
    bad = { image, name: await registry.push('bad', '1', image) }
    good = await registry.push('good', '1', await buildImage({ config: { author: 'good' } }))
    for (const name of [bad.name, good]) await pullImage(runtime, name)
  })
  afterEach(async () => {
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  /** Configs that were read before are remembered: a runtime of its own has read none. */
  const openAgain = (): Promise<Runtime> => openTestRuntime(directory.path, { kind })

  const listed = async (runtime: Runtime): Promise<Record<string, string | undefined>> =>
    Object.fromEntries((await listImages(runtime)).map(({ RepoTags, Fault }) => [RepoTags.join(), Fault]))

  // A store in memory lasts as long as what it remembers of configs.
  test.skipIf(kind === 'memory').each([
    ['flip', 'config damaged'],
    ['remove', 'config missing'],
  ] as const)('a config (%s) hides no other image from lists, and is marked', async (how, fault) => {
    await store.damage(bad.image.config.digest, how)
    await using runtime = await openAgain()
    expect(await listed(runtime)).toEqual({ [bad.name]: fault, [good]: undefined })
    const { Images } = await diskUsage(runtime)
    const used = Images.map(({ RepoTags, Fault }) => [RepoTags.join(), Fault])
    expect(Object.fromEntries(used)).toEqual({ [bad.name]: fault, [good]: undefined })
    for (const read of [inspectImage, imageHistory]) {
      await expect(read(runtime, bad.name)).rejects.toMatchObject({
        code: 'ERR_IMAGE_DAMAGED',
        hint: expect.stringContaining(`dray pull ${bad.name}`) as string,
      })
    }
    await pruneImages(runtime, { all: true, filters: ['label!=keep'] })
    expect(await listed(runtime)).toEqual({ [bad.name]: fault })
    await pullImage(runtime, bad.name)
    await using mended = await openAgain()
    expect(await listed(mended)).toEqual({ [bad.name]: undefined })
    expect(await inspectImage(mended, bad.name)).toMatchObject({ Id: bad.image.imageId })
  })

  test.each(['config', 'manifest'] as const)('an image with a damaged %s is pruned and removed', async (part) => {
    for (const how of ['flip', 'remove'] as const) {
      await store.damage(bad.image[part].digest, how)
      await using runtime = await openAgain()
      const state = how === 'flip' ? 'damaged' : 'missing'
      const lists = await listed(runtime)
      expect(Object.keys(lists).toSorted()).toEqual([bad.name, good].toSorted())
      // What a store in memory remembers of configs, and reads of manifests, is its own matter.
      if (kind === 'file') expect(lists).toEqual({ [bad.name]: `${part} ${state}`, [good]: undefined })
      if (how === 'flip') await removeImage(runtime, bad.name)
      else await pruneImages(runtime, { all: true })
      expect(Object.keys(await listed(runtime))).toEqual(how === 'flip' ? [good] : [])
      await pullImage(runtime, bad.name)
      await pullImage(runtime, good)
    }
  })
})
