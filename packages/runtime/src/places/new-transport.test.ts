import { buildImage, buildIndex, tempDir, type TempDir, type TestImage, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage, copyImages } from '../copy/copy-images.ts'
import { planImages } from '../copy/plan-images.ts'
import type { Runtime } from '../runtime.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { syncImages } from '../sync/sync-images.ts'
import { memoryTransport, type MemoryTransport } from '../test/memory-transport.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'

let directory: TempDir
let runtime: Runtime
let registry: TestRegistry
let memory: MemoryTransport
let image: TestImage
let index: TestIndex

beforeEach(async () => {
  directory = await tempDir()
  memory = memoryTransport()
  // The one line that a new kind of place takes.
  runtime = await openTestRuntime(directory.path, { transports: [memory] })
  registry = await startRegistry()
  image = await buildImage({ layers: [[{ path: 'a', content: 'a' }]] })
  index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
})
afterEach(async () => {
  for (const each of [runtime, registry, directory]) await each[Symbol.asyncDispose]()
})

describe('a kind of place that the runtime is given', () => {
  test('is copied to and from, with unchanged digests', async () => {
    const name = await registry.push('app', '1', index)
    expect(await copyImage(runtime, name, 'memory:app:1', { all: true })).toMatchObject({
      digest: index.manifest.digest,
    })
    for (const place of [
      `oci:${directory.path}/layout:1`,
      `oci-archive:${directory.path}/a.tar`,
      `dir:${directory.path}/d`,
    ]) {
      expect(await copyImage(runtime, 'memory:app:1', place, { all: true })).toMatchObject({
        digest: index.manifest.digest,
      })
    }
    for (const [place, { manifest }] of [
      ['store:app:1', index],
      [`docker-archive:${directory.path}/b.tar`, image],
    ] as const) {
      expect(await copyImage(runtime, 'memory:app:1', place)).toMatchObject({ digest: manifest.digest })
    }
    const target = `${registry.host}/copied:2`
    expect(await copyImage(runtime, 'memory:app:1', target, { all: true })).toMatchObject({
      digest: index.manifest.digest,
    })
    await expect(copyImages(runtime, ['memory:app:1', name], 'memory:b')).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
    })
  })

  test('is inspected', async () => {
    const name = await registry.push('app', '1', index)
    await copyImage(runtime, name, 'memory:team/app:1', { all: true })
    expect(await inspectImage(runtime, 'memory:team/app:1')).toMatchObject({
      Id: image.imageId,
      RepoTags: ['team/app:1'],
      Descriptor: { digest: image.manifest.digest },
    })
    expect(await inspectImage(runtime, `docker://${name}`)).toMatchObject({ Id: image.imageId })
    await expect(inspectImage(runtime, 'memory:none:1')).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  })

  test('is planned for without being written', async () => {
    const name = await registry.push('app', '1', image)
    const plan = async (): Promise<unknown> => (await planImages(runtime, [name], 'memory:app:1'))[0]?.totals
    expect(await plan()).toMatchObject({ copy: { count: image.blobs.size }, exists: { count: 0 } })
    expect(memory.names.size).toBe(0)
    await copyImage(runtime, name, 'memory:app:1')
    expect(await plan()).toMatchObject({ copy: { count: 0 }, exists: { count: image.blobs.size } })
  })

  test('is synced to, and from by its tags', async () => {
    for (const tag of ['1', '2']) await registry.push('app', tag, image)
    const sync = async (images: readonly object[], dryRun = false): Promise<string[]> => {
      const lines: string[] = []
      for await (const { status, to } of syncImages(runtime, JSON.stringify({ images }), { dryRun })) {
        lines.push(`${status} ${to.replace(registry.host, 'HOST')}`)
      }
      return lines.toSorted()
    }
    const to = [{ from: `${registry.host}/app`, to: 'memory:app', tags: 'all' }]
    expect(await sync(to, true)).toEqual(['outdated memory:app:1', 'outdated memory:app:2'])
    expect(await sync(to)).toEqual(['copied memory:app:1', 'copied memory:app:2'])
    expect(await sync(to)).toEqual(['equal memory:app:1', 'equal memory:app:2'])
    const back = [{ from: 'memory:app', to: `${registry.host}/back`, tags: 'all' }]
    expect(await sync(back)).toEqual(['copied HOST/back:1', 'copied HOST/back:2'])
  })

  test('is suggested for a misspelt prefix', async () => {
    await expect(copyImage(runtime, 'memroy:app:1', 'store:app:1')).rejects.toMatchObject({
      code: 'ERR_PLACE_UNKNOWN',
      hint: expect.stringContaining('memory:NAME') as string,
    })
  })
})
