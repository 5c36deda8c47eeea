import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createMemoryStore, type MemoryStore, writeBlob } from '@drayage/content'
import { parseReference } from '@drayage/reference'
import { buildImage, type TestImage } from '@drayage/testkit'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { type Database, openDatabase } from './database.ts'
import { createImageStore, type ImageStore } from './image-store.ts'
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
  return { database, store: createImageStore({ database, content, journal }) }
}

async function put(store: ImageStore, image: TestImage): Promise<void> {
  const { imageId: id, manifest, config, platform } = image
  await store.put({ id, manifest, config, platform, size: 1, layers: image.layers.map((layer) => layer.descriptor) })
}

/** A history with every kind of change. */
async function history(store: ImageStore): Promise<void> {
  for (const [index, image] of images.entries()) {
    await put(store, image)
    await store.nameImage(parseReference(`app:${index}`), image.manifest, image.imageId)
    await store.nameImage(parseReference(`app@${image.manifest.digest}`), image.manifest, image.imageId)
    await store.nameImage(parseReference('app:moving'), image.manifest, image.imageId)
  }
  await store.untag(parseReference('app:0'))
  await store.remove(images[1]?.imageId ?? '', { force: true })
}

const stateOf = async (store: ImageStore): Promise<unknown> => ({
  images: await store.list(),
  names: await store.listNames(),
})

test('rebuildImageStore() gives back all that a lost database held (F30)', async () => {
  const { store } = await open()
  await history(store)
  const rebuilt = await open()
  const result = await rebuildImageStore({ database: rebuilt.database, content, journal })
  expect(result).toEqual({ images: 2, names: 4, damagedLines: 0, lostImages: [], lostNames: [] })
  expect(await stateOf(rebuilt.store)).toEqual(await stateOf(store))
})

test('rebuildImageStore() leaves out what has no content, and tells', async () => {
  const { store } = await open()
  await history(store)
  const lost = images[2]
  if (lost === undefined) throw new Error('no image')
  await content.delete(lost.config.digest)
  const { database } = await open()
  const result = await rebuildImageStore({ database, content, journal })
  expect(result.lostImages).toEqual([lost.imageId])
  expect(result.lostNames).toContain('docker.io/library/app:moving')
  expect(result.images).toBe(1)
})

test('rebuildImageStore() reads past a line that a killed writer left and one that is damaged', async () => {
  const { store } = await open()
  const [first, second] = images
  if (first === undefined || second === undefined) throw new Error('no image')
  await put(store, first)
  await appendFile(journal, '0123456789abcdef {"op":"na')
  await put(store, second)
  await appendFile(journal, '0123456789abcdef {"op":"unimage"}\n')
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
  await put(store, image)
  await store.nameImage(parseReference('kept'), image.manifest, image.imageId)
  database.run('create table refused (id text references images (id) deferrable initially deferred)')
  database.run('create trigger refuse after insert on names begin insert into refused values (new.reference); end')
  await expect(store.nameImage(parseReference('never'), image.manifest, image.imageId)).rejects.toThrow(/FOREIGN KEY/)
  expect(await readFile(journal, 'utf8')).toContain('never')
  const rebuilt = await open()
  await rebuildImageStore({ database: rebuilt.database, content, journal })
  expect((await rebuilt.store.listNames()).map((record) => record.reference)).toEqual(['docker.io/library/kept:latest'])
})

test('P10: the journal cut at any byte gives a valid state', async () => {
  const { store } = await open()
  await history(store)
  const bytes = await readFile(journal)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: bytes.byteLength }), async (length) => {
      const cut = join(directory, 'cut.journal')
      await writeFile(cut, bytes.subarray(0, length))
      using database = await openDatabase(':memory:')
      const result = await rebuildImageStore({ database, content, journal: cut })
      const rebuilt = createImageStore({ database, content })
      expect(result.damagedLines).toBeLessThanOrEqual(1)
      expect(result.lostImages).toEqual([])
      const ids = new Set((await rebuilt.list()).map((image) => image.id))
      const lines = bytes.subarray(0, length).toString().split('\n').length - 1
      expect(ids.size > 0).toBe(lines >= 1)
      for (const record of await rebuilt.listNames())
        expect(record.image !== undefined && ids.has(record.image)).toBe(true)
      expect(database.all('pragma foreign_key_check')).toEqual([])
    }),
    { numRuns: 60 },
  )
})
