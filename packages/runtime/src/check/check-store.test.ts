import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { writeBlob } from '@drayage/content'
import { createFsStore } from '@drayage/content-fs'
import { digestHex, digestOf } from '@drayage/digest'
import { openDatabase } from '@drayage/image-store'
import { createLayerStore } from '@drayage/layer-store'
import type { Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
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
import { listImages } from '../images/list-images.ts'
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
  await rm(path.join(indexes, lost))
  await mkdir(path.join(indexes, lost, 'inside'), { recursive: true })
  expect((await check({ deep: true, repair: true })).map(({ state, kind }) => `${state} ${kind}`)).toContain(
    'repaired layer index',
  )
  expect((await check({ deep: true })).map(({ state }) => state)).toEqual(['notice', 'notice'])
})

/** A line of the journal with its right checksum. */
function journalLine(text: string): string {
  return `${digestHex(digestOf(text)).slice(0, 16)} ${text}\n`
}

test.each([
  ['a changed bit', (lines: string[]) => [...lines.slice(0, 1), lines[1]?.replace('a', 'b') ?? '', ...lines.slice(2)]],
  ['a line without a change', (lines: string[]) => [...lines.slice(0, 1), journalLine('{"op":'), ...lines.slice(1)]],
  ['a line of words', (lines: string[]) => [...lines.slice(0, 1), journalLine('"words"'), ...lines.slice(1)]],
])('checkStore() finds %s in the journal, and makes the journal anew from the database', async (_, change) => {
  const journal = inStore('names.journal')
  const warnings: string[] = []
  await using runtime = await openTestRuntime(directory.path, {
    storeDirectory: inStore(),
    onStoreWarning: (text) => warnings.push(text),
  })
  await runtime.openStore()
  const { atime, mtime } = await stat(journal)
  const lines = (await readFile(journal, 'utf8')).split('\n').map((line) => `${line}\n`)
  await writeFile(journal, change(lines.slice(0, -1)).join(''))
  await utimes(journal, atime, mtime)
  const look = (options: CheckStoreOptions = {}): Promise<StoreFinding[]> =>
    Array.fromAsync(checkStore(runtime, options))
  const found = {
    kind: 'journal',
    what: 'names.journal',
    problem: expect.stringMatching(/^lines? 2 of \d+ is damaged$/),
  }
  expect(await look()).toEqual([expect.objectContaining({ state: 'fault', ...found })])
  expect(warnings).toEqual([])
  expect(await look({ repair: true })).toEqual([expect.objectContaining({ state: 'repaired', ...found })])
  expect(await look()).toEqual([])
  expect(warnings).toEqual([expect.stringMatching(/names\.journal" was written anew from the database: line 2 of/)])
  expect((await listImages(runtime)).flatMap(({ RepoTags }) => RepoTags)).toEqual([name])
})

test('checkStore() finds a layer that inflates to something else than the config says, when it looks deeply', async () => {
  const [base, own] = one.layers
  if (base === undefined || own === undefined) throw new Error('no layers')
  const config = { rootfs: { type: 'layers', diff_ids: [own.diffId] } } as const
  const liar = await buildImage({ layers: [base], config })
  await using runtime = await openTestRuntime(directory.path)
  const { content, images } = await runtime.openStore()
  await writeBlob(content, liar.manifest, liar.manifestBytes)
  await writeBlob(content, liar.config, liar.configBytes)
  const { manifest, platform, imageId: id } = liar
  const shown = { id, manifest, config: liar.config, platform, size: base.descriptor.size, layers: [base.descriptor] }
  const names = [{ name: parseReference('liar:1'), isPinned: false }]
  await images.put(manifest, { platforms: [shown] }, { names })
  // As nothing registers it that reads the layer.
  using database = await openDatabase(inStore('metadata.db'))
  await using layers = createLayerStore({ database, directory: inStore('layers'), content })
  await layers.restore(base.descriptor, { diffId: own.diffId, holder: id })
  expect(await check()).toEqual([])
  const fault = { state: 'fault', kind: 'layer', what: base.descriptor.digest, neededBy: ['liar:1'] }
  const problem = `its DiffID is ${base.diffId}, expected ${own.diffId}`
  expect(await check({ deep: true })).toEqual([expect.objectContaining({ ...fault, problem })])
  expect(await check({ deep: true, bytesPerSecond: 1e9 })).toEqual([])
})
