import { buildImage, buildLayer, randomBytes, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { listImages } from './list-images.ts'
import { pullImage } from './pull-image.ts'
import { removeImage } from './remove-image.ts'
import { tagImage } from './tag-image.ts'
import { findFaults } from '../test/check-store.ts'
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

  async function blobCount(): Promise<number> {
    let count = 0
    for await (const _ of (await runtime.openStore()).content.list()) count++
    return count
  }

  test('removeImage() takes names away, then the image with its layers and blobs', async () => {
    const image = await buildImage()
    const name = await registry.push('app', '1', image)
    await pullImage(runtime, name)
    await tagImage(runtime, name, 'mine')
    const digestName = `${registry.host}/app@${image.manifest.digest}`
    expect(await removeImage(runtime, name)).toEqual([{ Untagged: name }, { Untagged: digestName }])
    expect(await blobCount()).toBe(3)
    expect(await removeImage(runtime, 'mine')).toEqual([
      { Untagged: 'mine:latest' },
      { Deleted: image.imageId },
      { Deleted: image.layers[0]?.diffId },
    ])
    expect(await blobCount()).toBe(0)
    expect(await listImages(runtime)).toEqual([])
  })

  test('removeImage() by ID needs force for names in several repositories, and changes nothing without', async () => {
    const image = await buildImage()
    const name = await registry.push('app', '1', image)
    await pullImage(runtime, name)
    await tagImage(runtime, name, 'mine')
    const id = image.imageId.slice(7, 19)
    await expect(removeImage(runtime, id)).rejects.toMatchObject({ code: 'ERR_IMAGE_CONFLICT' })
    expect(await listImages(runtime)).toHaveLength(1)
    expect(await removeImage(runtime, id, { force: true })).toHaveLength(5)
    await expect(removeImage(runtime, id)).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
  })

  test('removeImage() keeps layers that another image shares', async () => {
    const base = await buildLayer([{ path: 'base', content: randomBytes(1, 1000) }])
    const own = await buildLayer([{ path: 'own', content: randomBytes(2, 1000) }])
    const first = await registry.push('one', '1', await buildImage({ layers: [base] }))
    const second = await registry.push('two', '1', await buildImage({ layers: [base, own] }))
    await pullImage(runtime, first)
    await pullImage(runtime, second)
    expect((await removeImage(runtime, first)).filter((item) => 'Deleted' in item)).toHaveLength(1)
    expect(await findFaults(await runtime.openStore())).toEqual([])
    expect(await blobCount()).toBe(4)
  })

  test('removeImage() keeps what a pull counts on that has not ended yet', async () => {
    const base = await buildLayer([{ path: 'base', content: randomBytes(1, 1000) }])
    const own = await buildLayer([{ path: 'own', content: randomBytes(2, 1000) }])
    const asked = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    await using slow = await startRegistry((handler) => async (request) => {
      if (request.method === 'GET' && request.url.endsWith(own.descriptor.digest)) {
        asked.resolve()
        await go.promise
      }
      return handler(request)
    })
    const first = await slow.push('one', '1', await buildImage({ layers: [base] }))
    const second = await slow.push('two', '1', await buildImage({ layers: [base, own] }))
    await pullImage(runtime, first)
    const pulling = pullImage(runtime, second)
    await asked.promise
    await removeImage(runtime, first)
    go.resolve()
    await pulling
    expect(await findFaults(await runtime.openStore())).toEqual([])
    expect(slow.blobRequests().filter((request) => request === `GET ${base.descriptor.digest}`)).toHaveLength(1)
  })
})
