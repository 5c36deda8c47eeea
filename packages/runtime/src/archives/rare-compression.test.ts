import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import { openDockerArchive } from '@drayage/archive'
import { fromBytes } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { encodeManifest, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import {
  buildImage,
  buildLayer,
  buildTar,
  findPeer,
  randomBytes,
  tempDir,
  type TempDir,
  type TestFile,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from '../copy/copy-images.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { listImages } from '../images/list-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { pushImage } from '../images/push-image.ts'
import type { Runtime } from '../runtime.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { importImage } from './import-image.ts'
import { loadImages } from './load-images.ts'

const PROGRAMS = (['bzip2', 'xz'] as const).filter((program) => findPeer(program) !== undefined)

describe.each(PROGRAMS)('with %s', (program) => {
  let directory: TempDir
  let runtime: Runtime
  let registry: TestRegistry
  let image: TestImage
  let file: string

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(path.join(directory.path, 'store'))
    registry = await startRegistry()
    const layer = await buildLayer([{ path: 'a', content: randomBytes(1, 100_000) }])
    image = await buildImage({ layers: [layer, await buildLayer([{ path: 'b', content: 'b' }])] })
    file = path.join(directory.path, 'image.tar')
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const packed = (bytes: Uint8Array): Uint8Array => execFileSync(program, ['-c'], { input: bytes, maxBuffer: 2 ** 28 })
  const tarOf = (one: TestImage, at: number): Uint8Array => one.layers[at]?.tar ?? new Uint8Array(0)

  function filesOf(one: TestImage, layers: readonly Uint8Array[]): TestFile[] {
    const names = layers.map((_, at) => `${at}.tar`)
    return [
      ...layers.map((content, at) => ({ path: `${at}.tar`, content })),
      { path: 'c.json', content: one.configBytes },
      { path: 'manifest.json', content: JSON.stringify([{ Config: 'c.json', RepoTags: ['app:1'], Layers: names }]) },
    ]
  }

  test('an archive is loaded from a file and a stream, and copied from', async () => {
    const archive = packed(await buildTar(filesOf(image, [tarOf(image, 0), tarOf(image, 1)])))
    await writeFile(file, archive)
    for (const input of [file, fromBytes(archive)]) {
      expect((await loadImages(runtime, input)).map((one) => one.image)).toEqual([image.imageId])
    }
    await copyImage(runtime, `docker-archive:${file}`, `oci:${path.join(directory.path, 'oci')}`)
    expect((await inspectImage(runtime, `docker-archive:${file}`)).Id).toBe(image.imageId)
  })

  test('layers of an archive become tars, in the store and elsewhere', async () => {
    await writeFile(file, await buildTar(filesOf(image, [packed(tarOf(image, 0)), tarOf(image, 1)])))
    expect((await loadImages(runtime, file)).map((one) => one.image)).toEqual([image.imageId])
    expect(await findFaults(await runtime.openStore())).toEqual([])
    await copyImage(runtime, `docker-archive:${file}`, `docker://${registry.host}/copied:1`)
    await using other = await openTestRuntime(path.join(directory.path, 'other'))
    await pullImage(other, `${registry.host}/copied:1`)
    expect((await inspectImage(other, `${registry.host}/copied:1`)).Id).toBe(image.imageId)
    await using archive = await openDockerArchive(file)
    const { layers } = await archive.read({ position: 0, repoTags: [] })
    expect(layers.map(({ descriptor }) => descriptor)).toEqual(
      image.layers.map(({ diffId, tar }) => ({ mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size: tar.length })),
    )
  })

  test('a layer of an archive that is damaged or another one is refused', async () => {
    const whole = packed(tarOf(image, 0))
    for (const wrong of [whole.subarray(0, -9), packed(tarOf(image, 1))]) {
      await writeFile(file, await buildTar(filesOf(image, [wrong, tarOf(image, 1)])))
      await expect(loadImages(runtime, file)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) as string })
      expect(await listImages(runtime)).toEqual([])
    }
  })

  test('a file tree is imported as its tar', async () => {
    const tar = tarOf(image, 0)
    const { image: id } = await importImage(runtime, fromBytes(packed(tar)), { name: 'imported' })
    const inspected = await inspectImage(runtime, 'imported')
    expect(inspected).toMatchObject({ Id: id, RootFS: { Layers: [digestOf(tar)] } })
    await expect(importImage(runtime, fromBytes(packed(tar).subarray(0, -9)))).rejects.toMatchObject({
      code: 'ERR_COMPRESSED_DATA',
    })
    expect(await listImages(runtime)).toHaveLength(1)
  })

  test.each([
    MEDIA_TYPES.ociLayer,
    MEDIA_TYPES.ociLayerGzip,
    MEDIA_TYPES.dockerLayerGzip,
    'application/vnd.oci.image.layer.v1.tar+xz',
  ])('layers of a registry are pulled as %s, and keep their bytes', async (mediaType) => {
    const blobs = new Map([...image.blobs])
    const layers = image.layers.map(({ tar }): Descriptor => {
      const bytes = packed(tar)
      blobs.set(digestOf(bytes), bytes)
      return { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
    })
    const bytes = encodeManifest({
      ...{ schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config: image.config },
      layers,
    })
    const manifest = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), size: bytes.byteLength }
    blobs.set(manifest.digest, bytes)
    const name = await registry.push('packed', '1', { ...image, manifest, manifestBytes: bytes, blobs })
    await pullImage(runtime, name)
    expect(await inspectImage(runtime, name)).toMatchObject({ Id: image.imageId, Descriptor: manifest })
    await copyImage(runtime, `store:${name}`, `docker-archive:${file}:app:1`)
    await using other = await openTestRuntime(path.join(directory.path, 'other'))
    expect((await loadImages(other, file)).map((one) => one.image)).toEqual([image.imageId])
    const pushed = `${registry.host}/pushed:1`
    await copyImage(runtime, `store:${name}`, `store:${pushed}`)
    expect(await pushImage(runtime, pushed)).toMatchObject({ target: manifest })
  })
})
