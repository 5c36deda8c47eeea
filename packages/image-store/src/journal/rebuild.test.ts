import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createMemoryStore, type MemoryStore, writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference, type Reference } from '@drayage/reference'
import { buildImage, type TestImage } from '@drayage/testkit'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { type Database, openDatabase } from '../sql/database.ts'
import { createMetadata } from '../metadata.ts'
import type { ImageStore } from '../image-ports.ts'
import type { OtherContent, PlatformImage } from '../stored-image.ts'
import { rebuildImageStore } from './rebuild.ts'

let directory: string
let journal: string
let content: MemoryStore
let images: TestImage[]
let opened: Database[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-journal-'))
  journal = join(directory, 'names.journal')
  content = createMemoryStore()
  opened = []
  images = []
  for (const seed of ['a', 'b', 'c']) {
    const image = await buildImage({ layers: [[{ path: 'seed', content: seed }]] })
    for (const what of [image.manifest, image.config, ...image.layers.map((layer) => layer.descriptor)]) {
      await writeBlob(content, what, image.blobs.get(what.digest) ?? new Uint8Array())
    }
    images.push(image)
  }
})
afterEach(async () => {
  for (const database of opened) database[Symbol.dispose]()
  await rm(directory, { recursive: true })
})

async function open(): Promise<{ database: Database; store: ImageStore }> {
  const database = await openDatabase(join(directory, `${opened.length}.db`))
  opened.push(database)
  return { database, store: createMetadata({ database, content, journal }).images }
}

function platformOf({ imageId: id, manifest, config, platform, layers }: TestImage): PlatformImage {
  return { id, manifest, config, platform, size: 1, layers: layers.map((layer) => layer.descriptor) }
}

/** An index of these images, which is stored. */
async function indexOf(...all: readonly TestImage[]): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: all.map(({ manifest }) => manifest) }))
  const index = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(bytes), size: bytes.byteLength }
  await writeBlob(content, index, bytes)
  return index
}

/** An artifact with a blob; both are stored. */
async function artifactOf(text: string): Promise<OtherContent> {
  const [manifest, blob] = [described(`artifact ${text}`), described(`blob ${text}`)]
  for (const [what, bytes] of [
    [manifest, `artifact ${text}`],
    [blob, `blob ${text}`],
  ] as const) {
    await writeBlob(content, what, Buffer.from(bytes))
  }
  return { manifest, parts: [blob] }
}

function described(text: string): Descriptor {
  return { mediaType: 'application/octet-stream', digest: digestOf(text), size: text.length }
}

async function put(store: ImageStore, image: TestImage, ...names: readonly string[]): Promise<void> {
  await store.put(image.manifest, { platforms: [platformOf(image)] }, { names: named(...names) })
}

function named(...names: readonly string[]): { name: Reference }[] {
  return names.map((each) => ({ name: parseReference(each) }))
}

/** A history with every kind of change. */
async function history(store: ImageStore): Promise<void> {
  const [first, second, third] = images
  if (first === undefined || second === undefined || third === undefined) throw new Error('no images')
  for (const [at, image] of images.entries()) {
    await put(store, image, `app:${at}`, `app@${image.manifest.digest}`, 'app:moving')
  }
  const index = await indexOf(first, third)
  await store.put(index, { platforms: [platformOf(first)] }, { names: named('multi:1') })
  await store.put(index, { present: [third.manifest] })
  const [one, two] = [await artifactOf('one'), await artifactOf('two')]
  await store.put(one.manifest, { others: [one] }, { names: named('artifact:1') })
  await store.put(two.manifest, { others: [two] }, { names: named('artifact:1', 'artifact:2') })
  await store.setNames([{ name: parseReference(`multi@${index.digest}`), target: index, isPinned: true }])
  await store.untag(parseReference('app:0'))
  await store.removeContent(index.digest, [first.manifest.digest])
  const digestName = parseReference(`app@${second.manifest.digest}`)
  await store.remove({ names: [parseReference('app:1'), digestName], targets: [second.manifest.digest] })
}

const stateOf = async (store: ImageStore): Promise<unknown> => ({
  images: (await store.list()).sort((a, b) => (a.target.digest < b.target.digest ? -1 : 1)),
  names: await store.listNames(),
})

test('rebuildImageStore() gives back all that a lost database held', async () => {
  const { store } = await open()
  await history(store)
  const rebuilt = await open()
  const result = await rebuildImageStore({ database: rebuilt.database, content, journal })
  expect(result).toEqual({ images: 2, names: 8, damagedLines: 0, lostImages: [], lostNames: [] })
  expect(await stateOf(rebuilt.store)).toEqual(await stateOf(store))
})

test('rebuildImageStore() leaves out what has no content, and reports it', async () => {
  const { store } = await open()
  await history(store)
  const lost = images[2]
  if (lost === undefined) throw new Error('no image')
  await content.delete(lost.config.digest)
  const { database } = await open()
  const result = await rebuildImageStore({ database, content, journal })
  expect(result.lostImages).toEqual([lost.imageId])
  expect(result.lostNames).toContain('docker.io/library/app:moving')
  expect(result.lostNames).toContain('docker.io/library/multi:1')
  expect(result.images).toBe(1)
})

test('rebuildImageStore() leaves out an artifact without its blob, and an image of an index alone', async () => {
  const { store } = await open()
  const [first, second] = images
  if (first === undefined || second === undefined) throw new Error('no image')
  const index = await indexOf(first, second)
  await store.put(index, { platforms: [platformOf(first), platformOf(second)] }, { names: named('multi:1') })
  const artifact = await artifactOf('one')
  await store.put(artifact.manifest, { others: [artifact] }, { names: named('artifact:1') })
  for (const { digest } of [second.config, ...artifact.parts]) await content.delete(digest)
  const rebuilt = await open()
  const result = await rebuildImageStore({ database: rebuilt.database, content, journal })
  expect(result).toMatchObject({ images: 1, names: 1, lostImages: [second.imageId] })
  expect(result.lostNames).toEqual(['docker.io/library/artifact:1'])
  const [stored, ...others] = await rebuilt.store.list()
  expect([stored?.target, stored?.platforms, others]).toEqual([index, [platformOf(first)], []])
})

test('rebuildImageStore() reads past a line that a killed writer left and one that is damaged', async () => {
  const { store } = await open()
  const [first, second] = images
  if (first === undefined || second === undefined) throw new Error('no image')
  await put(store, first)
  await appendFile(journal, '0123456789abcdef {"op":"na')
  await put(store, second)
  await appendFile(journal, '0123456789abcdef {"op":"drop"}\n')
  const { database } = await open()
  expect(await rebuildImageStore({ database, content, journal })).toMatchObject({ images: 2, damagedLines: 2 })
})

test('rebuildImageStore() without a journal gives an empty store', async () => {
  const { database } = await open()
  expect(await rebuildImageStore({ database, content, journal })).toMatchObject({ images: 0, names: 0 })
})

test('a change that is not taken by the database is taken back in the journal', async () => {
  const { database, store } = await open()
  const [image] = images
  if (image === undefined) throw new Error('no image')
  await put(store, image, 'kept', 'stays')
  const index = await indexOf(image)
  await store.put(index, { platforms: [platformOf(image)] })
  database.run('create table refused (name text references targets (digest) deferrable initially deferred)')
  for (const event of ['insert', 'update', 'delete']) {
    const at = event === 'delete' ? 'old' : 'new'
    database.run(
      `create trigger ${event}_refused after ${event} on names begin insert into refused values (${at}.reference); end`,
    )
  }
  const before = await stateOf(store)
  const artifact = await artifactOf('one')
  const changes = [
    () => store.put(artifact.manifest, { others: [artifact] }, { names: named('never') }),
    () => store.setNames([{ name: parseReference('kept'), target: index }]),
    () => store.put(index, {}, { names: named('never', 'kept', 'stays') }),
    () => store.untag(parseReference('kept')),
    () => store.remove({ names: [parseReference('kept'), parseReference('stays')], targets: [image.manifest.digest] }),
  ]
  for (const change of changes) {
    await expect(change()).rejects.toThrow(/FOREIGN KEY/)
    expect(await stateOf(store)).toEqual(before)
    const rebuilt = await open()
    await rebuildImageStore({ database: rebuilt.database, content, journal })
    expect(await stateOf(rebuilt.store)).toEqual(before)
  }
  expect(await readFile(journal, 'utf8')).toContain('never')
})

test('the journal cut at any byte gives no image without the names that it was put with', async () => {
  const { store } = await open()
  for (const [at, image] of images.entries()) await put(store, image, `app-${at}:1`, `app-${at}:2`)
  const bytes = await readFile(journal)
  const cut = join(directory, 'cut.journal')
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: bytes.byteLength }), async (length) => {
      await writeFile(cut, bytes.subarray(0, length))
      using database = await openDatabase(':memory:')
      await rebuildImageStore({ database, content, journal: cut })
      for (const { names, platforms } of await createMetadata({ database, content }).images.list()) {
        expect([names.length, platforms.length]).toEqual([2, 1])
      }
    }),
    { numRuns: 60 },
  )
})

test('the journal cut at any byte gives a valid state', async () => {
  const { store } = await open()
  await history(store)
  const bytes = await readFile(journal)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: bytes.byteLength }), async (length) => {
      const cut = join(directory, 'cut.journal')
      await writeFile(cut, bytes.subarray(0, length))
      using database = await openDatabase(':memory:')
      const result = await rebuildImageStore({ database, content, journal: cut })
      const rebuilt = createMetadata({ database, content }).images
      expect(result.damagedLines).toBeLessThanOrEqual(1)
      expect(result.lostImages).toEqual([])
      const targets = new Set((await rebuilt.list()).map(({ target }) => target.digest))
      const lines = bytes.subarray(0, length).toString().split('\n').length - 1
      expect(targets.size > 0).toBe(lines >= 1)
      for (const { target } of await rebuilt.listNames()) expect(targets.has(target.digest)).toBe(true)
      expect(database.all('pragma foreign_key_check')).toEqual([])
    }),
    { numRuns: 60 },
  )
})
