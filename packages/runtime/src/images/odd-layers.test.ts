import path from 'node:path'

import { fromBytes } from '@drayage/bytes'
import { digestOf, parseDiffId } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import { createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import {
  buildImage,
  buildLayer,
  layerFromTar,
  rawEntry,
  rawHeader,
  tempDir,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { importImage } from '../archives/import-image.ts'
import { loadImages } from '../archives/load-images.ts'
import { saveImages } from '../archives/save-images.ts'
import { copyImage } from '../copy/copy-images.ts'
import { remoteManifest } from '../remote/remote.ts'
import type { Runtime } from '../runtime.ts'
import { openRegistryStorage } from '../store/registry-storage.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'
import { inspectImage } from './inspect-image.ts'
import { listImages } from './list-images.ts'
import { pullImage } from './pull-image.ts'
import { pushImage } from './push-image.ts'
import { tagImage } from './tag-image.ts'

const file = rawEntry({ name: 'a' }, 'x'.repeat(700))

/** Tars of layers by what is odd about them. */
const TARS: Readonly<Record<string, Uint8Array>> = {
  'ends with the last byte of its last file': file.subarray(0, 512 + 700),
  'ends within the padding of its last file': file.subarray(0, 512 + 900),
  'ends after one block of zeros': Buffer.concat([file, new Uint8Array(512)]),
  'ends within the data of a file': file.subarray(0, 512 + 600),
  'ends within a header': Buffer.concat([file, rawHeader({}).subarray(0, 300)]),
  'has a header with a wrong checksum': Buffer.concat([file, rawHeader({ checksum: '0000000\0' })]),
  'is no tar': Buffer.from('this is no tar at all. '.repeat(100)),
  'is empty': new Uint8Array(0),
}

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let other: Runtime

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    runtime = await openTestRuntime(path.join(directory.path, 'one'), { kind })
    other = await openTestRuntime(path.join(directory.path, 'other'), { kind })
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  /** Takes an image every way in and out. */
  async function goesEverywhere(image: TestImage): Promise<void> {
    const name = await registry.push('app', '1', image)
    expect((await pullImage(runtime, name)).image).toBe(image.imageId)
    expect((await pullImage(runtime, name)).upToDate).toBe(true)
    const layers = image.configValue.rootfs?.diff_ids
    expect(await inspectImage(runtime, name)).toMatchObject({ Id: image.imageId, RootFS: { Layers: layers } })
    expect(await listImages(runtime)).toMatchObject([{ Id: image.imageId }])
    expect(await findFaults(await runtime.openStore())).toEqual([])
    await tagImage(runtime, name, `${registry.host}/pushed:1`)
    expect((await pushImage(runtime, `${registry.host}/pushed:1`)).target.digest).toBe(image.manifest.digest)
    for (const place of ['docker-archive', 'docker-oci-archive', 'dir'] as const) {
      const out = path.join(directory.path, place)
      await copyImage(runtime, name, `${place}:${out}`)
      await copyImage(other, `${place}:${out}`, `store:from-${place}:1`)
      expect(await inspectImage(other, `from-${place}:1`)).toMatchObject({ Id: image.imageId })
    }
    await copyImage(other, name, 'store:copied:1')
    const saved = path.join(directory.path, 'saved.tar')
    await saveImages(runtime, [name], { output: saved })
    await loadImages(other, saved)
    expect(await inspectImage(other, name)).toMatchObject({ Id: image.imageId })
    expect(await findFaults(await other.openStore())).toEqual([])
    const endpoint = createRegistryHandler({ storage: await openRegistryStorage(other) })
    await using served = await serve(endpoint, { graceMs: 0 })
    await copyImage(runtime, name, `docker://${served.host}/pushed/here:1`)
    const pulled = await remoteManifest(runtime, parseReference(`${served.host}/pushed/here:1`))
    expect(pulled.descriptor.digest).toBe(image.manifest.digest)
  }

  test.each(Object.entries(TARS))('an image whose layer %s goes every way in and out', async (_, tar) => {
    const above = await buildLayer([{ path: 'above' }])
    await goesEverywhere(await buildImage({ layers: [layerFromTar(tar), above, layerFromTar(tar)] }))
  })

  test.each(Object.entries(TARS).slice(0, 3))('a tar that %s is imported', async (_, tar) => {
    const { image } = await importImage(runtime, fromBytes(tar), { name: 'imported:1' })
    expect(await inspectImage(runtime, image)).toMatchObject({ RootFS: { Layers: [digestOf(tar)] } })
  })

  test.each([
    ['sha512', ['sha512', 'sha512'], false],
    ['sha256 and sha512', ['sha256', 'sha512'], false],
    ['both for the same layer', ['sha512', 'sha256', 'sha512'], true],
  ] as const)('an image with DiffIDs in %s goes every way in and out', async (_, algorithms, isSame) => {
    const layers = await Promise.all(
      algorithms.map((__, position) => buildLayer([{ path: isSame ? 'same' : `file-${position}` }])),
    )
    const diff_ids = layers.map(({ tar }, position) => parseDiffId(digestOf(tar, algorithms[position])))
    await goesEverywhere(await buildImage({ layers, config: { rootfs: { type: 'layers', diff_ids } } }))
    const plain = await buildImage({ layers, config: { author: 'has the same layers by sha256' } })
    const name = await registry.push('plain', '1', plain)
    expect((await pullImage(runtime, name)).image).toBe(plain.imageId)
    expect(await findFaults(await runtime.openStore())).toEqual([])
  })

  test('a DiffID in sha512 that is another is refused, and nothing is left of the image', async () => {
    const layer = await buildLayer([{ path: 'a' }])
    const diff_ids = [parseDiffId(digestOf('another', 'sha512'))]
    const lying = await buildImage({ layers: [layer], config: { rootfs: { type: 'layers', diff_ids } } })
    const name = await registry.push('app', 'lying', lying)
    await expect(pullImage(runtime, name)).rejects.toMatchObject({ code: 'ERR_IMAGE_MISMATCH' })
    expect(await listImages(runtime)).toEqual([])
    expect(await (await runtime.openStore()).layers.find(layer.descriptor.digest)).toBeUndefined()
  })
})
