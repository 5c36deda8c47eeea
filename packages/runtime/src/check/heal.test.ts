import path from 'node:path'

import { verifyBlob } from '@drayage/content'
import { createFsStore } from '@drayage/content-fs'
import type { Descriptor } from '@drayage/manifest'
import { createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import { buildImage, HARMS, harmFile, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { loadImages } from '../archives/load-images.ts'
import { saveImages } from '../archives/save-images.ts'
import { copyImage } from '../copy/copy-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { tagImage } from '../images/tag-image.ts'
import { openRegistryStorage } from '../store/registry-storage.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'

let directory: TempDir
let registry: TestRegistry
let image: TestImage
let name: string

beforeEach(async () => {
  directory = await tempDir()
  registry = await startRegistry()
  const layers = [1, 2].map((at) => [{ path: `${at}`, content: randomBytes(`${at}`, 100_000) }])
  image = await buildImage({ layers })
  name = await registry.push('app', '1', image)
  await using runtime = await openTestRuntime(directory.path)
  await pullImage(runtime, name)
})
afterEach(async () => {
  await registry[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

/** The content of the store, as another program sees it. */
const content = (): ReturnType<typeof createFsStore> => createFsStore({ directory: path.join(directory.path, 'store') })

function parts(): [string, Descriptor][] {
  const layers = image.layers.map(({ descriptor }, at): [string, Descriptor] => [`layer ${at}`, descriptor])
  return [['manifest', image.manifest], ['config', image.config], ...layers]
}

async function harm([, { digest, size }]: [string, Descriptor], how: (typeof HARMS)[number]): Promise<void> {
  await harmFile(content().blobPath(digest), how, (size - 1) * 8)
}

async function states(): Promise<string[]> {
  const found: string[] = []
  for (const [part, what] of parts()) {
    const state = await content().verify(what)
    if (state !== 'intact') found.push(`${part} ${state}`)
  }
  return found
}

describe.each(HARMS)('of an image each file of which was %s', (how) => {
  test('a pull mends it', async () => {
    for (const part of parts()) {
      await harm(part, how)
      await using runtime = await openTestRuntime(directory.path)
      await pullImage(runtime, name)
      expect(await states()).toEqual([])
    }
  })

  test('a load mends it, and so does a copy into the store', async () => {
    await using runtime = await openTestRuntime(directory.path)
    const archive = path.join(directory.path, 'image.tar')
    await saveImages(runtime, [name], { output: archive })
    for (const part of parts()) {
      await harm(part, how)
      await loadImages(runtime, archive)
      expect(await states()).toEqual([])
      await harm(part, how)
      await copyImage(runtime, `docker://${name}`, `store:${name}`)
      expect(await states()).toEqual([])
    }
  })

  test('the registry endpoint does not have it, and a push there mends it', async () => {
    await using runtime = await openTestRuntime(directory.path)
    const storage = await openRegistryStorage(runtime)
    const served = await serve(createRegistryHandler({ storage }), { graceMs: 0 })
    try {
      const target = `${served.host}/app:1`
      await copyImage(runtime, `docker://${name}`, `docker://${target}`)
      for (const part of parts()) {
        await harm(part, how)
        const [, { digest, mediaType }] = part
        const kind = part[0] === 'manifest' ? 'manifests' : 'blobs'
        const url = `http://${target
          .replace('/', '/v2/')
          .replace(':1', '')
          .replace(/:(\d+)$/, ':$1')}/${kind}/${digest}`
        expect([part[0], (await fetch(url, { headers: { accept: mediaType } })).status]).toEqual([part[0], 404])
        await copyImage(runtime, `docker://${name}`, `docker://${target}`)
        expect(await states()).toEqual([])
      }
    } finally {
      await served.close()
    }
  })
})

test('a bit in the middle of a layer is given out by nobody, and mended by the pull after that', async () => {
  const [, , , layer] = parts()
  if (layer === undefined) throw new Error('no layer')
  const [, { digest, size }] = layer
  await using runtime = await openTestRuntime(directory.path)
  const output = path.join(directory.path, 'image.tar')
  for (const format of ['docker-oci-archive', 'docker-archive'] as const) {
    await harmFile(content().blobPath(digest), 'flipped', size * 4)
    await expect(saveImages(runtime, [name], { output, format })).rejects.toBeInstanceOf(Error)
    await pullImage(runtime, name)
    expect(await verifyBlob(content(), layer[1])).toBe('intact')
  }
  await tagImage(runtime, name, 'app:1')
  await harmFile(content().blobPath(digest), 'flipped', size * 4)
  const storage = await openRegistryStorage(runtime)
  const served = await serve(createRegistryHandler({ storage }), { graceMs: 0 })
  const asked = fetch(`http://${served.host}/v2/app/blobs/${digest}`).then((answer) => answer.arrayBuffer())
  await expect(asked).rejects.toBeInstanceOf(Error)
  await served.close()
})
