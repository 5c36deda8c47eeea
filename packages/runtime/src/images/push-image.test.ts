import path from 'node:path'

import type { DistributionEvent } from '@drayage/distribution'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from '../copy/copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { pullImage } from './pull-image.ts'
import { pushAllTags, pushImage } from './push-image.ts'
import { openRemote } from '../remote/remote.ts'
import { tagImage } from './tag-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let other: TestRegistry
  let runtime: Runtime
  let image: TestImage
  let name: string

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    image = await buildImage({
      layers: [[{ path: 'a', content: randomBytes(1, 5_000_000) }], [{ path: 'b', content: randomBytes(2, 100_000) }]],
    })
    registry = await startRegistry()
    other = await startRegistry()
    name = await registry.push('app', '1', image)
    await pullImage(runtime, name)
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const uploads = (from: TestRegistry): string[] =>
    from.requests.filter(({ method }) => method === 'PATCH' || method === 'PUT').map(({ method }) => method)

  test('pushImage() brings a pulled image to another registry with unchanged digests', async () => {
    const target = `${other.host}/team/app:2`
    await tagImage(runtime, name, target)
    const { target: pushed } = await pushImage(runtime, target)
    expect(pushed.digest).toBe(image.manifest.digest)
    const repository = openRemote(runtime, parseReference(target))
    const { bytes } = await repository.manifest(parseReference(target))
    expect(new Uint8Array(bytes)).toEqual(new Uint8Array(image.manifestBytes))
    for (const { descriptor } of image.layers) expect(await repository.has(descriptor)).toBe(true)
  })

  test('pushImage() sends large blobs in chunks where the runtime is told to', async () => {
    const chunkBytes = 2_000_000
    await using chunking = await openTestRuntime(directory.path, { chunkBytes, kind })
    const target = `${other.host}/team/app:2`
    await tagImage(chunking, name, target)
    expect((await pushImage(chunking, target)).target.digest).toBe(image.manifest.digest)
    expect(uploads(other).filter((method) => method === 'PATCH')).toHaveLength(3)
    await expect(openTestRuntime(directory.path, { chunkBytes: 0, kind })).rejects.toBeInstanceOf(RangeError)
  })

  test('pushImage() uploads nothing the second time, and mounts for a second repository of the registry', async () => {
    const [first, second] = [`${other.host}/team/app:2`, `${other.host}/team/twin:2`]
    await tagImage(runtime, name, first)
    await tagImage(runtime, name, second)
    await pushImage(runtime, first)
    const before = uploads(other).length
    await pushImage(runtime, first)
    // The tag is given again, and nothing else.
    expect(uploads(other).slice(before)).toEqual(['PUT'])
    const events: DistributionEvent[] = []
    await pushImage(runtime, second, { onEvent: (event) => events.push(event) })
    const mounted = events.flatMap((event) =>
      event.type === 'layer' && event.layer.state === 'mounted' ? [event.layer.from] : [],
    )
    expect(mounted).toEqual(Array.from({ length: 3 }, () => 'team/app'))
    expect(other.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(1)
  })

  test('pushAllTags() pushes every tag of a repository and none of others', async () => {
    for (const tag of ['1', '2']) await tagImage(runtime, name, `${other.host}/all:${tag}`)
    await tagImage(runtime, name, `${other.host}/else:1`)
    const pushed = await pushAllTags(runtime, `${other.host}/all`)
    expect(pushed.map(({ reference }) => reference.tag)).toEqual(['1', '2'])
    await expect(pushAllTags(runtime, `${other.host}/none`)).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
  })

  test('pushImage() reads each manifest of the store once, and each blob once', async () => {
    const index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
    const multi = await registry.push('multi', '1', index)
    await pullImage(runtime, multi)
    await pullImage(runtime, multi, { platforms: [{ os: 'linux', architecture: 'arm64' }] })
    const target = `${other.host}/multi:1`
    await tagImage(runtime, multi, target)
    const { content } = await runtime.openStore()
    const { fetch } = content
    const reads = new Map<string, number>()
    Object.defineProperty(content, 'fetch', {
      value: (...[what, options]: Parameters<typeof fetch>) => {
        reads.set(what.digest, (reads.get(what.digest) ?? 0) + 1)
        return fetch(what, options)
      },
    })
    expect((await pushImage(runtime, target)).target.digest).toBe(index.manifest.digest)
    expect(Object.fromEntries(reads)).toEqual(Object.fromEntries([...index.blobs.keys()].map((digest) => [digest, 1])))
  })

  test('pushImage() rejects for a name that is not here', async () => {
    await expect(pushImage(runtime, `${other.host}/none:1`)).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
    expect(other.requests).toEqual([])
  })

  test('copyImage() goes from registry to registry without the store', async () => {
    const elsewhere = await openTestRuntime(path.join(directory.path, 'unused'), { kind })
    await using _closed = elsewhere
    const copied = await copyImage(elsewhere, `docker://${name}`, `docker://${other.host}/copied:3`)
    expect(copied.digest).toBe(image.manifest.digest)
    const target = parseReference(`${other.host}/copied:3`)
    expect((await openRemote(elsewhere, target).resolve(target)).digest).toBe(image.manifest.digest)
  })

  test('copyImage() mounts between repositories of one registry', async () => {
    const before = registry.blobRequests().filter((request) => request.startsWith('GET')).length
    await copyImage(runtime, `docker://${name}`, `docker://${registry.host}/copied:3`)
    expect(registry.blobRequests().filter((request) => request.startsWith('GET'))).toHaveLength(before)
    expect(registry.requests.filter(({ method }) => method === 'PATCH')).toEqual([])
  })
})
