import { readdir } from 'node:fs/promises'
import path from 'node:path'

import { fromBytes } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import type { DistributionEvent } from '@drayage/distribution'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { serve } from '@drayage/registry-server/node'
import { buildImage, buildLayer, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { loadImages } from '../archives/load-images.ts'
import { saveImages } from '../archives/save-images.ts'
import type { RuntimeOptions } from '../create-runtime.ts'
import { pullImage } from '../images/pull-image.ts'
import { pushImage } from '../images/push-image.ts'
import { tagImage } from '../images/tag-image.ts'
import { openRemote } from '../remote/remote.ts'
import type { Runtime } from '../runtime.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { copyImage } from './copy-images.ts'
import { planImages } from './plan-images.ts'

/** An image whose lower layer is kept at a server of its own, at `urls`. */
interface Scene extends AsyncDisposable {
  readonly image: TestImage
  readonly foreign: Descriptor
  /** Has the image, without its foreign layer. */
  readonly registry: TestRegistry
  readonly name: string
  /** What the other server was asked. */
  readonly elsewhere: string[]
}

let work: TempDir
let events: DistributionEvent[]
const onEvent = (event: DistributionEvent): void => void events.push(event)
beforeEach(async () => {
  work = await tempDir()
  events = []
})
afterEach(() => work[Symbol.asyncDispose]())

const open = (options: RuntimeOptions = {}): Promise<Runtime> => openTestRuntime(work.path, options)
const skipped = (): string[] =>
  events.flatMap((event) => (event.type === 'layer' && event.layer.state === 'skipped' ? [event.digest] : []))

/** @param answer what the other server gives, of the right bytes */
async function scene(answer: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes): Promise<Scene> {
  const layer = await buildLayer([{ path: 'base', content: 'foreign' }])
  const elsewhere: string[] = []
  const server = await serve(
    async ({ method, url }) => {
      elsewhere.push(`${method} ${new URL(url).pathname}`)
      if (!url.endsWith('/layer')) return { status: 404, headers: {}, body: fromBytes() }
      return { status: 200, headers: {}, body: fromBytes(answer(layer.bytes)) }
    },
    { graceMs: 0 },
  )
  const urls = [`http://${server.host}/gone`, `http://${server.host}/layer`]
  const foreign = { ...layer.descriptor, mediaType: MEDIA_TYPES.ociForeignLayerGzip, urls }
  const own = await buildLayer([{ path: 'own', content: 'own' }])
  const image = await buildImage({ layers: [layer, own], manifest: { layers: [foreign, own.descriptor] } })
  const withoutForeign =
    (handler: HttpClient): HttpClient =>
    async (request) =>
      request.method !== 'POST' && request.url.endsWith(`/blobs/${foreign.digest}`)
        ? { status: 404, headers: {}, body: fromBytes() }
        : await handler(request)
  const registry = await startRegistry(withoutForeign)
  const name = await registry.push('app', '1', image)
  return {
    image,
    foreign,
    registry,
    name,
    elsewhere,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      await server.close()
    },
  }
}

const blobsOf = async (layout: string): Promise<string[]> =>
  (await readdir(path.join(layout, 'blobs/sha256'))).map((hex) => `sha256:${hex}`).toSorted()

describe('an image with a foreign layer that its registry does not hold', () => {
  test('is copied to a layout without the layer, and from there to another layout', async () => {
    await using one = await scene()
    await using runtime = await open()
    const [first, second] = [path.join(work.path, 'first'), path.join(work.path, 'second')]
    const there = [...one.image.blobs.keys()].filter((digest) => digest !== one.foreign.digest).toSorted()
    const copied = await copyImage(runtime, `docker://${one.name}`, `oci:${first}:1`, { onEvent })
    expect(copied.digest).toBe(one.image.manifest.digest)
    expect(await blobsOf(first)).toEqual(there)
    expect(skipped()).toEqual([one.foreign.digest])
    await copyImage(runtime, `oci:${first}:1`, `oci:${second}:1`)
    expect(await blobsOf(second)).toEqual(there)
    expect(one.elsewhere).toEqual([])
  })

  test('is copied to a registry that takes it without the layer', async () => {
    await using one = await scene()
    await using target = await startRegistry()
    await using runtime = await open()
    const to = `${target.host}/copy:1`
    await copyImage(runtime, `docker://${one.name}`, `docker://${to}`, { onEvent })
    const reference = parseReference(to)
    expect((await openRemote(runtime, reference).resolve(reference)).digest).toBe(one.image.manifest.digest)
    expect(await openRemote(runtime, reference).has(one.foreign)).toBe(false)
    expect(target.blobRequests().filter((line) => line.endsWith(one.foreign.digest))).toEqual([
      `HEAD ${one.foreign.digest}`,
    ])
    expect(skipped()).toEqual([one.foreign.digest])
  })

  test('is planned without the layer', async () => {
    await using one = await scene()
    await using runtime = await open()
    const [plan] = await planImages(runtime, [`docker://${one.name}`], `oci:${path.join(work.path, 'layout')}:1`)
    const planned = plan?.content.map(({ digest }) => digest)
    expect(planned).not.toContain(one.foreign.digest)
    expect(planned).toHaveLength(one.image.blobs.size - 1)
  })

  test.each(['store:app:1', 'docker-archive:OUT', 'docker-oci-archive:OUT'])(
    'is not copied to %s, which needs the layer, and the error says what to ask for',
    async (target) => {
      await using one = await scene()
      await using runtime = await open()
      const to = target.replace('OUT', path.join(work.path, 'out.tar'))
      await expect(copyImage(runtime, `docker://${one.name}`, to)).rejects.toMatchObject({
        code: 'ERR_TRANSFER',
        cause: {
          code: 'ERR_CONTENT_NOT_FOUND',
          hint: expect.stringMatching(/foreign layer, kept at .*\/gone.*fetched/),
        },
      })
      expect(one.elsewhere).toEqual([])
      expect((await readdir(work.path)).includes('out.tar')).toBe(false)
    },
  )

  test.each(['store:app:1', 'oci:OUT:1', 'docker-archive:OUT', 'docker-oci-archive:OUT', 'dir:OUT'])(
    'is copied whole to %s when foreign layers are fetched, from the first URL that has it',
    async (target) => {
      await using one = await scene()
      await using runtime = await open({ foreignLayers: 'fetch' })
      const to = target.replace('OUT', path.join(work.path, 'out'))
      await copyImage(runtime, `docker://${one.name}`, to, { onEvent })
      expect(skipped()).toEqual([])
      // A docker-archive reads a layer twice, to know the size of its tar before.
      expect(new Set(one.elsewhere)).toEqual(new Set(['GET /gone', 'GET /layer']))
    },
  )

  test('is pulled when foreign layers are fetched; wrong bytes of a URL leave nothing', async () => {
    await using one = await scene()
    await using plain = await open()
    await expect(pullImage(plain, one.name)).rejects.toMatchObject({ code: 'ERR_TRANSFER' })
    await using runtime = await open({ foreignLayers: 'fetch' })
    expect(await pullImage(runtime, one.name)).toMatchObject({ image: one.image.imageId })
    await using other = await scene((bytes) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)))
    await using fresh = await openTestRuntime(path.join(work.path, 'fresh'), { foreignLayers: 'fetch' })
    await expect(pullImage(fresh, other.name)).rejects.toMatchObject({
      cause: { code: 'ERR_DIGEST_MISMATCH' },
    })
    expect(await (await fresh.openStore()).images.listNames()).toEqual([])
  })
})

test('a URL that a registry may not lead to is not asked', async () => {
  const layer = await buildLayer([{ path: 'base' }])
  await using directory = await tempDir()
  for (const url of ['http://169.254.169.254/layer', 'http://10.0.0.1/layer', 'http://user:pw@127.0.0.1/layer']) {
    const foreign = { ...layer.descriptor, mediaType: MEDIA_TYPES.dockerForeignLayer, urls: [url] }
    const image = await buildImage({ layers: [layer], manifest: { layers: [foreign] } })
    await using registry = await startRegistry(
      (handler) => async (request) =>
        request.method === 'GET' && request.url.endsWith(foreign.digest)
          ? { status: 404, headers: {}, body: fromBytes() }
          : await handler(request),
    )
    const name = await registry.push('app', '1', image)
    await using runtime = await openTestRuntime(directory.path, { foreignLayers: 'fetch' })
    await expect(pullImage(runtime, name)).rejects.toMatchObject({ cause: { code: 'ERR_URL_REFUSED' } })
  }
})

describe('a foreign layer that the store has', () => {
  test('stays with a saved image, which loads elsewhere', async () => {
    await using one = await scene()
    await using runtime = await open({ foreignLayers: 'fetch' })
    await pullImage(runtime, one.name)
    await using plain = await open()
    for (const format of ['docker-archive', 'oci-archive'] as const) {
      const file = path.join(work.path, `${format}.tar`)
      await saveImages(plain, [one.name], { format, output: file })
      await using other = await openTestRuntime(path.join(work.path, format))
      expect(await loadImages(other, file)).toMatchObject([{ image: one.image.imageId }])
    }
  })

  test.each(['skip', 'copy'] as const)('is pushed as the runtime says: %s', async (foreignLayers) => {
    await using one = await scene()
    await using runtime = await open({ foreignLayers: 'fetch' })
    await pullImage(runtime, one.name)
    await using target = await startRegistry()
    await using pusher = await open({ foreignLayers })
    const to = `${target.host}/copy:1`
    await tagImage(pusher, one.name, to)
    await pushImage(pusher, to, { onEvent })
    expect(await openRemote(pusher, parseReference(to)).has(one.foreign)).toBe(foreignLayers === 'copy')
    expect(skipped()).toEqual(foreignLayers === 'copy' ? [] : [one.foreign.digest])
  })
})
