import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createGzip } from 'node:zlib'

import { createOciArchiveSink, openFileOutput } from '@drayage/archive'
import { writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import type { ImageManifest } from '@drayage/manifest'
import { familiarReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  buildLayer,
  buildTar,
  randomBytes,
  tempDir,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { listImages } from '../images/list-images.ts'
import { loadImages, type LoadedImage } from './load-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { saveImages } from './save-images.ts'
import { tagImage } from '../images/tag-image.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let saver: Runtime
  let loader: Runtime
  let image: TestImage
  let name: string
  let file: string

  beforeEach(async () => {
    directory = await tempDir()
    saver = await openTestRuntime(path.join(directory.path, 'saver'), { kind })
    loader = await openTestRuntime(path.join(directory.path, 'loader'), { kind })
    image = await buildImage({
      layers: [[{ path: 'a', content: randomBytes(1, 300_000) }], [{ path: 'b', content: 'small' }]],
    })
    registry = await startRegistry()
    name = await registry.push('app', '1', image)
    await pullImage(saver, name)
    file = path.join(directory.path, 'image.tar')
  })
  afterEach(async () => {
    await saver[Symbol.asyncDispose]()
    await loader[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  test('loadImages() brings back what saveImages() wrote, under the same ID and names', async () => {
    await tagImage(saver, name, 'app:2')
    await saveImages(saver, [name, 'app:2'], { output: file })
    const [loaded] = await loadImages(loader, file)
    expect(loaded?.image).toBe(image.imageId)
    expect(loaded?.names.map(familiarReference)).toEqual([name, 'app:2'])
    const shown = await inspectImage(loader, 'app:2')
    expect(shown.RootFS.Layers).toEqual(image.layers.map(({ diffId }) => diffId))
    expect(shown.RepoTags.toSorted()).toEqual([name, 'app:2'].toSorted())
    expect(await findFaults(await loader.openStore())).toEqual([])
  })

  test.each(['docker-oci-archive', 'oci-archive'] as const)(
    'loadImages() keeps manifest, layers and names of %s',
    async (format) => {
      await saveImages(saver, [name], { output: file, format })
      const [loaded] = await loadImages(loader, file)
      expect(loaded?.names.map(familiarReference)).toEqual([name])
      expect((await inspectImage(loader, name)).Descriptor.digest).toBe(image.manifest.digest)
      expect(await findFaults(await loader.openStore())).toEqual([])
    },
  )

  test('loadImages() takes a compressed archive from a stream', async () => {
    await saveImages(saver, [name], { output: file })
    const [loaded] = await loadImages(loader, createReadStream(file).pipe(createGzip()))
    expect(loaded?.image).toBe(image.imageId)
  })

  test('loadImages() leaves an image that is here its manifest, and names it', async () => {
    await tagImage(saver, name, 'loaded:1')
    await saveImages(saver, ['loaded:1'], { output: file })
    await pullImage(loader, name)
    await loadImages(loader, file)
    expect((await inspectImage(loader, 'loaded:1')).Descriptor.digest).toBe(image.manifest.digest)
    expect((await inspectImage(loader, 'loaded:1')).Id).toBe(image.imageId)
  })

  test('loadImages() gives no name to an image that was saved by its ID', async () => {
    await saveImages(saver, [image.imageId], { output: file })
    const loaded = { image: image.imageId, target: expect.objectContaining(image.manifest) as object }
    expect(await loadImages(loader, file)).toEqual([{ ...loaded, names: [], taken: [] }])
    expect((await listImages(loader))[0]?.RepoTags).toEqual([])
  })

  test('loadImages() keeps the index of an oci-archive, whatever of it was asked for', async () => {
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const index = buildIndex([arm, image])
    await using archive = createOciArchiveSink(await openFileOutput(file))
    for (const [digest, bytes] of index.blobs) {
      await writeBlob(archive, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
    }
    await archive.put(index.manifest, 'registry.test/multi:1')
    await archive.finish()
    const [one] = await loadImages(loader, file, { platforms: [arm.platform] })
    expect(one?.image).toBe(arm.imageId)
    expect(one?.names.map(familiarReference)).toEqual(['registry.test/multi:1'])
    const [all] = await loadImages(loader, file)
    expect(all?.image).toBe(image.imageId)
    for (const id of [arm.imageId, image.imageId]) {
      expect((await inspectImage(loader, id)).Descriptor).toMatchObject(index.manifest)
    }
    expect(await listImages(loader)).toHaveLength(1)
  })

  test('loadImages() refuses a damaged layer and leaves nothing that is seen', async () => {
    const [layer] = image.layers
    for (const format of ['docker-oci-archive', 'docker-archive', 'oci-archive'] as const) {
      await saveImages(saver, [name], { output: file, format })
      const bytes = await readFile(file)
      const stored = (format === 'docker-archive' ? layer?.tar : layer?.bytes) ?? new Uint8Array(0)
      const at = bytes.indexOf(stored)
      expect(at).toBeGreaterThan(0)
      bytes[at + 1000] = (bytes[at + 1000] ?? 0) ^ 1
      await writeFile(file, bytes)
      await expect(loadImages(loader, file)).rejects.toThrow(/verif|digest/i)
      expect(await listImages(loader)).toEqual([])
    }
  })

  test('loadImages() reports the images that it loaded before one failed', async () => {
    const wrong = await buildImage({ layers: [[{ path: 'a', content: 'as the config says' }]], compression: 'none' })
    const item = (one: TestImage, tag: string): object => ({
      Config: `${one.imageId.slice(7)}.json`,
      RepoTags: [tag],
      Layers: one.layers.map((layer) => `${layer.diffId.slice(7)}.tar`),
    })
    const good = await buildImage({ layers: [[{ path: 'a', content: 'good' }]], compression: 'none' })
    const layers = [good, wrong].flatMap((one) => one.layers)
    const tar = await buildTar([
      ...layers.map(({ diffId, bytes }, at) => ({
        path: `${diffId.slice(7)}.tar`,
        content: at === 0 ? bytes : bytes.map((byte, position) => (position === 600 ? byte ^ 1 : byte)),
      })),
      ...[good, wrong].map((one) => ({ path: `${one.imageId.slice(7)}.json`, content: one.configBytes })),
      { path: 'manifest.json', content: JSON.stringify([item(good, 'app:good'), item(wrong, 'app:wrong')]) },
    ])
    await writeFile(file, tar)
    const told: string[] = []
    const onLoaded = ({ image: id, names }: LoadedImage): void => void told.push(id, ...names.map(familiarReference))
    await expect(loadImages(loader, file, { onLoaded })).rejects.toMatchObject({ code: 'ERR_TRANSFER' })
    expect(told).toEqual([good.imageId, 'app:good'])
    expect((await listImages(loader)).map(({ Id }) => Id)).toEqual([good.imageId])
  })

  test('a layer that is here is not taken for one of another size, and an image that is here stays whole', async () => {
    const value: ImageManifest = JSON.parse(new TextDecoder().decode(image.manifestBytes))
    const [first, ...others] = value.layers
    if (first === undefined) throw new TypeError('Cannot test: found no layer')
    const wrong = { ...first, size: first.size + 1 }
    for (const layers of [
      [wrong, ...others],
      [wrong, first],
    ]) {
      const bytes = new TextEncoder().encode(JSON.stringify({ ...value, layers }))
      const manifest = { ...image.manifest, digest: digestOf(bytes), size: bytes.byteLength }
      const blobs = new Map([...image.blobs, [manifest.digest, bytes] as const])
      const lying = await registry.push('app', 'lying', { ...image, manifest, manifestBytes: bytes, blobs })
      await expect(pullImage(saver, lying)).rejects.toMatchObject({ code: 'ERR_TRANSFER' })
      expect(await findFaults(await saver.openStore())).toEqual([])
      await saveImages(saver, [name], { output: path.join(directory.path, 'again.tar') })
    }
  })

  test('loadImages() refuses what is no archive', async () => {
    await writeFile(file, 'not an archive')
    await expect(loadImages(loader, file)).rejects.toMatchObject({ name: 'ArchiveFormatError' })
  })

  test('loadImages() rejects with the reason of its signal', async () => {
    await saveImages(saver, [name], { output: file })
    const reason = new Error('enough')
    await expect(loadImages(loader, file, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('loadImages() takes a layout and the directory of an image', async () => {
    await tagImage(saver, name, 'app:2')
    for (const [format, names] of [
      ['oci', [name, 'app:2']],
      ['dir', []],
    ] as const) {
      const output = path.join(directory.path, format)
      await saveImages(saver, format === 'oci' ? [name, 'app:2'] : [name], { output, format })
      const loaded = await loadImages(loader, output)
      expect(loaded.map((one) => [one.image, one.names.map(familiarReference)])).toEqual([[image.imageId, names]])
      expect((await inspectImage(loader, image.imageId)).Descriptor.digest).toBe(image.manifest.digest)
    }
    for (const [other, error] of [
      [directory.path, 'DirImageError'],
      [path.join(directory.path, 'none'), 'ArchiveFormatError'],
    ] as const) {
      await expect(loadImages(loader, other)).rejects.toMatchObject({ name: error })
    }
  })

  test('loadImages() of an old archive makes new IDs, whatever its directories are called', async () => {
    await pullImage(loader, name)
    const [layer] = image.layers
    const own = image.imageId.slice('sha256:'.length)
    const tar = await buildTar([
      { path: `${own}/VERSION`, content: '1.0' },
      { path: `${own}/json`, content: JSON.stringify({ id: own, os: 'linux', architecture: 'amd64' }) },
      { path: `${own}/layer.tar`, content: layer?.tar ?? '' },
      { path: 'repositories', content: JSON.stringify({ old: { 1: own } }) },
    ])
    await writeFile(file, tar)
    const [loaded] = await loadImages(loader, file)
    expect(loaded?.names.map(familiarReference)).toEqual(['old:1'])
    expect(loaded?.image).not.toBe(image.imageId)
    expect((await inspectImage(loader, 'old:1')).RootFS.Layers).toEqual([layer?.diffId])
    expect((await inspectImage(loader, name)).Id).toBe(image.imageId)
    expect(await findFaults(await loader.openStore())).toEqual([])
  })

  test('loadImages() keeps an image whose name it takes, without a name', async () => {
    const other = await buildImage({ layers: image.layers, config: { author: 'other' } })
    await pullImage(loader, await registry.push('other', '1', other))
    await tagImage(loader, other.imageId, name)
    await saveImages(saver, [name], { output: file })
    for (const from of [[other.imageId], []]) {
      const [loaded] = await loadImages(loader, file)
      expect(loaded?.taken.map((taken) => [familiarReference(taken.name), taken.from])).toEqual(
        from.map((id) => [name, id]),
      )
    }
    expect((await inspectImage(loader, name)).Id).toBe(image.imageId)
    expect((await inspectImage(loader, other.imageId)).RepoTags).not.toContain(name)
    await saveImages(loader, [other.imageId], { output: path.join(directory.path, 'other.tar') })
  })

  test('loadImages() brings back layers that are there twice, empty or of zstd', async () => {
    const layers = [
      await buildLayer([{ path: 'z', content: randomBytes(3, 50_000) }], { compression: 'zstd' }),
      await buildLayer([]),
      await buildLayer([{ path: 'plain', content: 'x' }], { compression: 'none' }),
    ]
    const odd = await buildImage({ layers: [...layers, ...layers] })
    const oddName = await registry.push('odd', '1', odd)
    await pullImage(saver, oddName)
    for (const format of ['docker-oci-archive', 'docker-archive', 'oci-archive', 'oci', 'dir'] as const) {
      const output = path.join(directory.path, `odd-${format}`)
      await saveImages(saver, [oddName], { output, format })
      await using runtime = await openTestRuntime(path.join(directory.path, `store-${format}`), { kind })
      const [loaded] = await loadImages(runtime, output)
      expect(loaded?.image).toBe(odd.imageId)
      const { Descriptor } = await inspectImage(runtime, odd.imageId)
      if (format === 'docker-archive') expect(Descriptor.digest).not.toBe(odd.manifest.digest)
      else expect(Descriptor.digest).toBe(odd.manifest.digest)
      expect(await findFaults(await runtime.openStore())).toEqual([])
    }
  })
})
