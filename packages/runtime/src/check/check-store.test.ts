import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { createFsStore } from '@drayage/content-fs'
import type { Descriptor } from '@drayage/manifest'
import {
  buildImage,
  buildIndex,
  HARMS,
  harmFile,
  randomBytes,
  tempDir,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { saveImages } from '../archives/save-images.ts'
import { loadImages } from '../archives/load-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { tagImage } from '../images/tag-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { checkStore, type CheckStoreOptions } from './check-store.ts'
import type { StoreFinding } from './store-finding.ts'

let directory: TempDir
let registry: TestRegistry
let one: TestImage
let two: TestImage
let name: string

beforeEach(async () => {
  directory = await tempDir()
  registry = await startRegistry()
  const layer = (seed: string): { path: string; content: Uint8Array }[] => [
    { path: seed, content: randomBytes(seed, 50_000) },
  ]
  one = await buildImage({ layers: [layer('base'), layer('one')] })
  two = await buildImage({ layers: [layer('base'), layer('two')], platform: { os: 'linux', architecture: 'arm64' } })
  name = await registry.push('app', '1', buildIndex([one, two]))
  await using runtime = await openTestRuntime(directory.path)
  await pullImage(runtime, name, { allPlatforms: true })
})
afterEach(async () => {
  await registry[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

const inStore = (...parts: string[]): string => path.join(directory.path, 'store', ...parts)
const blobPath = ({ digest }: Descriptor): string => createFsStore({ directory: inStore() }).blobPath(digest)

async function check(options: CheckStoreOptions = {}): Promise<StoreFinding[]> {
  await using runtime = await openTestRuntime(directory.path)
  return await Array.fromAsync(checkStore(runtime, options))
}

test('checkStore() finds nothing in a sound store, whatever way it looks', async () => {
  expect(await check()).toEqual([])
  expect(await check({ deep: true, repair: true })).toEqual([])
  expect(await check({ names: [name], deep: true })).toEqual([])
  await expect(check({ names: ['none'] })).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
})

test.each(HARMS)('checkStore() finds each blob that was %s with the names that need it, and mends it', async (harm) => {
  const blobs = await Promise.all(['sha256'].map((each) => readdir(inStore('blobs', each))))
  for (const hex of blobs.flat()) {
    await harmFile(inStore('blobs/sha256', hex), harm)
    const problem = harm === 'deleted' ? 'missing' : 'damaged'
    const found = { what: `sha256:${hex}`, problem, neededBy: [name] }
    expect(await check()).toContainEqual(expect.objectContaining({ state: 'fault', ...found }))
    expect(await check({ repair: true })).toContainEqual(expect.objectContaining({ state: 'repaired', ...found }))
    expect((await check({ deep: true })).filter(({ state }) => state === 'fault')).toEqual([])
  }
})

test('checkStore() finds a bit in the middle when it looks deeply, at the rate that it may', async () => {
  const layer = one.layers[1]?.descriptor ?? one.config
  await harmFile(blobPath(layer), 'flipped', layer.size * 4)
  expect(await check()).toEqual([])
  let bytes = 0
  const onChecked = (each: number): void => void (bytes += each)
  const faults = await check({ deep: true, bytesPerSecond: 1_000_000, onChecked })
  expect(faults.map(({ state, kind, what }) => [state, kind, what])).toEqual([['fault', 'layer', layer.digest]])
  expect(bytes).toBeGreaterThan(150_000)
  expect(await check()).toHaveLength(1)
  expect((await check({ repair: true })).map(({ state }) => state)).toEqual(['repaired'])
  expect((await check()).map(({ state, kind }) => [state, kind])).toEqual([['notice', 'content set aside']])
})

test('checkStore() names what cannot be mended, and a load mends it', async () => {
  const archive = path.join(directory.path, 'image.tar')
  await using runtime = await openTestRuntime(directory.path)
  await tagImage(runtime, name, 'kept:1')
  await saveImages(runtime, ['kept:1'], { output: archive })
  await harmFile(blobPath(one.config), 'emptied')
  await registry[Symbol.asyncDispose]()
  const [fault] = await check({ repair: true, names: ['kept:1'] })
  expect(fault).toMatchObject({ state: 'fault', kind: 'config', neededBy: [name, 'kept:1'].toSorted() })
  expect(fault?.note).toMatch(/^cannot be brought again: /)
  await loadImages(runtime, archive)
  expect((await check({ deep: true })).filter(({ state }) => state === 'fault')).toEqual([])
  registry = await startRegistry()
})

test('checkStore() finds what is beside the images: indexes, permissions, left-overs, links, content of nobody', async () => {
  const indexes = inStore('layers/sha256')
  const [lost = '', bad = ''] = await readdir(indexes)
  await rm(path.join(indexes, lost))
  await harmFile(path.join(indexes, bad), 'flipped', 200)
  await chmod(inStore('layers/sha256'), 0o777)
  await mkdir(inStore('ingest/left'))
  const nobodys = createFsStore({ directory: inStore() })
    .blobPath(one.manifest.digest)
    .replace(/.$/, (hex) => (hex === '0' ? '1' : '0'))
  await writeFile(nobodys, 'x')
  const kinds = (await check({ deep: true })).map(({ state, kind }) => `${state} ${kind}`)
  expect(kinds.toSorted()).toEqual([
    'fault layer index',
    'fault layer index',
    'fault permissions',
    'fault unneeded content',
    'notice unfinished download',
  ])
  const mended = await check({ deep: true, repair: true })
  expect(mended.map(({ state }) => state).toSorted()).toEqual([
    'notice',
    'repaired',
    'repaired',
    'repaired',
    'repaired',
  ])
  expect((await check({ deep: true })).map(({ state }) => state)).toEqual(['notice', 'notice'])
})
