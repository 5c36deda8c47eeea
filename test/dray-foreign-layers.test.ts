// Layers that are kept at URLs, and artifacts that are no images, as a user of dray meets them.
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { fromBytes } from '@drayage/bytes'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, buildLayer, tempDir, type RunResult, type TempDir, type TestImage } from '@drayage/testkit'

import { drayIn } from './dray-process.ts'
import { fillStorage } from './fill-storage.ts'

const storage = createMemoryStorage()
let scratch: TempDir
let server: HttpServer
let elsewhere: HttpServer
let foreign: Descriptor

const fill = (name: string, image: TestImage, without?: Descriptor): Promise<void> =>
  fillStorage(storage, { name, tags: ['1'], image, without: without?.digest })

beforeAll(async () => {
  scratch = await tempDir()
  const layer = await buildLayer([{ path: 'base', content: 'base' }])
  elsewhere = await serve(async () => ({ status: 200, headers: {}, body: fromBytes(layer.bytes) }))
  const urls = [`http://${elsewhere.host}/layer`]
  foreign = { ...layer.descriptor, mediaType: MEDIA_TYPES.dockerForeignLayer, urls }
  await fill('foreign', await buildImage({ layers: [layer], manifest: { layers: [foreign] } }), foreign)
  const attestation = { ...layer.descriptor, mediaType: 'application/vnd.in-toto+json' }
  await fill('attestation', await buildImage({ layers: [layer], manifest: { layers: [attestation] } }))
  server = await serve(createRegistryHandler({ storage }))
})
afterAll(async () => {
  await Promise.all([server.close(), elsewhere.close()])
  await scratch[Symbol.asyncDispose]()
})

const dray = (...args: string[]): Promise<RunResult> => drayIn(scratch.path, ...args)

const blobsOf = async (layout: string): Promise<string[]> =>
  (await readdir(path.join(scratch.path, layout, 'blobs/sha256'))).map((hex) => `sha256:${hex}`)

test('dray copy leaves a foreign layer out of a layout, and brings it when it is asked to', async () => {
  const from = `docker://${server.host}/foreign:1`
  const skipped = await dray('copy', from, `oci:${scratch.path}/without:1`)
  expect(skipped.code).toBe(0)
  expect(skipped.stderr).toContain(': Skipped foreign layer\n')
  expect(await blobsOf('without')).not.toContain(foreign.digest)
  const fetched = await dray('copy', '--foreign-layers', 'fetch', from, `oci:${scratch.path}/whole:1`)
  expect(fetched).toMatchObject({ code: 0, stdout: skipped.stdout })
  expect(await blobsOf('whole')).toContain(foreign.digest)
})

test('dray pull says that a layer is kept elsewhere, and fetches it from there when it is asked to', async () => {
  const name = `${server.host}/foreign:1`
  const refused = await dray('pull', name)
  expect(refused.code).toBe(3)
  expect(refused.stderr).toMatch(/^hint: It is a foreign layer, kept at "http:.*\/layer": /m)
  expect((await dray('pull', '--foreign-layers', 'fetch', name)).code).toBe(0)
  expect((await dray('pull', '--foreign-layers', 'always', name)).code).toBe(2)
})

test('dray pull keeps an attestation as content, and what wants an image says what it is', async () => {
  const name = `${server.host}/attestation:1`
  expect((await dray('pull', name)).code).toBe(0)
  const refused = await dray('inspect', name)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('application/vnd.in-toto+json')
  expect((await dray('copy', `store:${name}`, `oci:${scratch.path}/attestation:1`)).code).toBe(0)
})
