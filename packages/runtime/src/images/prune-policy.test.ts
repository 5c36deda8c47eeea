import { Writable } from 'node:stream'

import { createRegistryHandler } from '@drayage/registry-server'
import { buildImage, buildLayer, randomBytes, tempDir, type TempDir, writeOciLayout } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { loadImages } from '../archives/load-images.ts'
import { saveImages } from '../archives/save-images.ts'
import { copyImage } from '../copy/copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { openRegistryStorage } from '../store/registry-storage.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS, testStore } from '../test/test-store.ts'
import { diskUsage } from './disk-usage.ts'
import { listImages } from './list-images.ts'
import { pruneImages, type PruneImagesOptions } from './prune-images.ts'
import type { PrunePlan } from './prune-plan.ts'
import { pullImage } from './pull-image.ts'
import { pushImage } from './push-image.ts'
import { tagImage } from './tag-image.ts'

const HOUR_MS = 60 * 60 * 1000

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let nowMs: number

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    nowMs = Date.now()
    const { opener } = testStore(kind, directory.path, { now: () => nowMs })
    runtime = await openTestRuntime(directory.path, { kind, store: opener })
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const prune = async (options: PruneImagesOptions): Promise<PrunePlan> => {
    const plans: PrunePlan[] = []
    const approve = async (plan: PrunePlan): Promise<boolean> => plans.push(plan) > 0
    const { bytes } = await pruneImages(runtime, { now: () => nowMs, approve, ...options })
    const plan = plans[0] ?? expect.fail()
    expect(plan.bytes).toBe(bytes)
    return plan
  }

  /** Pulls an image of 10 kB that shares nothing; an hour passes afterwards. */
  async function pullNew(name: string, shared: readonly Uint8Array[] = []): Promise<string> {
    const layers = [...shared, randomBytes(name, 10_000)].map((content) => [{ path: 'file', content }])
    const full = await registry.push(name, '1', await buildImage({ layers }))
    await pullImage(runtime, full)
    nowMs += HOUR_MS
    return full
  }

  const names = async (): Promise<string[]> =>
    (await listImages(runtime)).flatMap(({ RepoTags }) => RepoTags).toSorted()

  const uses: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
    pull: (name) => pullImage(runtime, name),
    push: (name) => pushImage(runtime, name),
    save: (name) =>
      saveImages(runtime, [name], { output: new Writable({ write: (_chunk, _encoding, done) => done() }) }),
    copy: (name) => copyImage(runtime, `store:${name}`, `oci:${directory.path}/copied:1`),
    tag: (name) => tagImage(runtime, name, 'another:name'),
    async serve(name) {
      const handler = createRegistryHandler({ storage: await openRegistryStorage(runtime) })
      const [host, repository] = [new URL(`http://${name}`).host, name.split('/')[1]?.split(':')[0]]
      // A host with a port cannot be part of a path.
      expect(host).toContain(':')
      await tagImage(runtime, name, `served/${repository}:1`)
      nowMs += HOUR_MS
      const url = `http://localhost/v2/served/${repository}/manifests/1`
      const { status, body } = await handler({ method: 'GET', url, headers: { accept: '*/*' } })
      expect(status).toBe(200)
      for await (const _ of body) continue
    },
  }

  test.each(Object.keys(uses))(
    'pruneImages() with `maxBytes` takes what was used least recently; %s is a use',
    async (use) => {
      const [first, second, third] = [await pullNew('a'), await pullNew('b'), await pullNew('c')]
      await uses[use]?.(first)
      nowMs += HOUR_MS
      const { LayersSize } = await diskUsage(runtime)
      const { images } = await prune({ maxBytes: LayersSize - 5000 })
      expect(images.map((image) => image.names.filter((name) => name.includes(':1')))).toEqual([[second]])
      expect(await names()).toEqual(expect.arrayContaining([first, third]))
      await prune({ maxBytes: LayersSize - 15_000 })
      expect(await names()).toContain(first)
      expect(await names()).not.toContain(third)
    },
  )

  test('pruneImages() with `maxBytes` counts shared layers when their last image goes', async () => {
    const shared = [randomBytes('shared', 50_000)]
    const [alone] = [await pullNew('a', shared), await pullNew('b', shared)].slice(2).concat(await pullNew('c'))
    const { LayersSize } = await diskUsage(runtime)
    await prune({ maxBytes: LayersSize - 40_000 })
    expect(await names()).toEqual([alone])
    await prune({ maxBytes: 0, filters: ['label=none'] })
    expect(await names()).toEqual([alone])
    await prune({ maxBytes: 0 })
    expect((await diskUsage(runtime)).LayersSize).toBe(0)
  })

  test('pruneImages() takes what nothing needs before it takes images', async () => {
    const first = await pullNew('a')
    await pullNew('b')
    const { LayersSize } = await diskUsage(runtime)
    const image = await buildImage({
      layers: [await buildLayer([{ path: 'loose', content: randomBytes('x', 20_000) }])],
    })
    const layout = `${directory.path}/layout`
    await writeOciLayout(layout, image, 'moved:1')
    await loadImages(runtime, layout)
    await tagImage(runtime, first, 'moved:1')
    await prune({ maxBytes: LayersSize })
    expect(await names()).toHaveLength(3)
  })

  test('pruneImages() with `unusedForMs` leaves what was used lately, also without a name', async () => {
    const [first, second] = [await pullNew('a'), await pullNew('b')]
    await prune({ maxBytes: 0, unusedForMs: 3 * HOUR_MS })
    expect(await names()).toEqual([first, second].toSorted())
    await prune({ maxBytes: 0, unusedForMs: 1.5 * HOUR_MS })
    expect(await names()).toEqual([second])
  })

  test('pruneImages() leaves an image that is used while it is removed', async () => {
    const first = await pullNew('a')
    const approve = async (): Promise<boolean> => {
      await pullImage(runtime, first)
      return true
    }
    expect(await pruneImages(runtime, { maxBytes: 0, approve })).toMatchObject({ removed: [] })
    expect(await names()).toEqual([first])
  })
})
