import { appendFile, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'

import { digestOf } from '@drayage/digest'
import type { TestImage } from '@drayage/testkit'
import { parseReference, parseRepository } from '@drayage/reference'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { recoverImages } from '../journal/recover-images.ts'
import { createMetadata } from '../metadata.ts'
import { createStoreFixture, platformImage, type StoreFixture } from '../test/store-fixture.ts'
import { openDatabase } from './database.ts'
import { SCHEMA_VERSION } from './schema.ts'

let fixture: StoreFixture
let image: TestImage

beforeEach(async () => {
  fixture = await createStoreFixture()
  image = await fixture.image('a')
})
afterEach(() => fixture[Symbol.asyncDispose]())

const NAMES = Array.from({ length: 8 }, (_, at) => `docker.io/library/app:${at}`)

test('a new store is made without a word, and closed ones are opened without a check', async () => {
  await rm(fixture.path, { force: true })
  const store = await fixture.open()
  await store.put(image, ...NAMES)
  store.database[Symbol.dispose]()
  const again = await fixture.open()
  expect([await again.names(), again.rebuilt, again.database.due()]).toEqual([NAMES, [], []])
})

const HARMS: readonly [string, (path: string) => Promise<unknown>][] = [
  ['gone', (path) => rm(path)],
  ['emptied', (path) => truncate(path)],
  ['garbage', (path) => writeFile(path, 'no database, and long enough to have a header of one'.repeat(400))],
  [
    'another database',
    async (path) => {
      using other = await openDatabase(`${path}.other`)
      other.run('pragma wal_checkpoint(truncate)')
      await rename(`${path}.other`, path)
    },
  ],
]

test.each(HARMS)('a database that is %s while it is open is made anew by the next call', async (_, harm) => {
  const store = await fixture.open()
  const other = await fixture.open()
  await store.put(image, ...NAMES)
  store.database.run('pragma wal_checkpoint(truncate)')
  await harm(fixture.path)
  await store.images.untag(parseReference('app:0'))
  expect(await other.names()).toEqual(NAMES.slice(1))
  await other.put(image, 'app:0')
  expect(await store.names()).toEqual(NAMES)
  expect(await other.images.find(image.imageId)).toMatchObject({ images: [{ platforms: [{ id: image.imageId }] }] })
  expect([...store.rebuilt, ...other.rebuilt].length).toBeLessThanOrEqual(1)
})

test('one damaged file is kept, and the next one takes its place', async () => {
  for (let round = 0; round < 2; round++) {
    const store = await fixture.open()
    await store.put(image, ...NAMES)
    store.database[Symbol.dispose]()
    await writeFile(fixture.path, `garbage ${round}`.repeat(1000))
    const again = await fixture.open()
    expect(again.rebuilt).toMatchObject([{ names: 8, damagedLines: 0 }])
    again.database[Symbol.dispose]()
    const kept = (await readdir(fixture.directory)).filter((name) => name.includes('.damaged-'))
    expect(kept).toHaveLength(1)
    expect(await readFile(again.rebuilt[0]?.aside ?? '', 'utf8')).toContain(`garbage ${round}`)
  }
})

test('a line of a writer that died before it committed takes effect, and one that it did not finish does not', async () => {
  const store = await fixture.open()
  await store.put(image, 'app:1')
  const before = await readFile(fixture.journal)
  await store.put(image, 'app:2')
  const line = (await readFile(fixture.journal)).subarray(before.byteLength)
  await store.images.untag(parseReference('app:2'))
  await appendFile(fixture.journal, line)
  await appendFile(fixture.journal, line.subarray(0, 40))
  await store.put(image, 'app:3')
  expect(await store.names()).toEqual(NAMES.slice(1, 4))
  store.database[Symbol.dispose]()
  await rm(fixture.path)
  const again = await fixture.open()
  expect(await again.names()).toEqual(NAMES.slice(1, 4))
  expect(again.rebuilt).toMatchObject([{ damagedLines: 0 }])
})

test('a journal that is gone, cut off or another is written anew from the tables', async () => {
  const store = await fixture.open()
  await store.put(image, 'app:0', 'app:1')
  const early = await readFile(fixture.journal)
  for (const [at, harm] of [
    () => rm(fixture.journal),
    () => truncate(fixture.journal, 50),
    () => truncate(fixture.journal),
    () => writeFile(fixture.journal, early),
    () => writeFile(fixture.journal, 'what is this\n'.repeat(500)),
  ].entries()) {
    await harm()
    await store.put(image, `app:${at + 2}`)
    store.database[Symbol.dispose]()
    await rm(fixture.path)
    const again = await fixture.open()
    expect(await again.names()).toEqual(NAMES.slice(0, at + 3))
    Object.assign(store, again)
  }
})

test('thousands of changes leave a small journal, from which all comes back', { timeout: 120_000 }, async () => {
  const store = await fixture.open()
  const other = await fixture.image('b')
  await store.put(image, ...NAMES)
  let largest = 0
  for (let round = 0; round < 250; round++) {
    await store.put(other, 'moving:1', 'moving:2')
    const { size } = await stat(fixture.journal)
    largest = Math.max(largest, size)
    await store.images.remove({
      names: [parseReference('moving:1'), parseReference('moving:2')],
      targets: [other.manifest.digest],
    })
  }
  expect(largest).toBeLessThan(70_000)
  store.database[Symbol.dispose]()
  await rm(fixture.path)
  const again = await fixture.open()
  expect(await again.names()).toEqual(NAMES)
  again.database.verify()
  expect(again.rebuilt).toHaveLength(1)
  expect((await stat(fixture.journal)).size).toBeLessThan(70_000)
})

test('what a registry acknowledged by digest comes back, and what was swept does not', async () => {
  const store = await fixture.open()
  const repository = parseRepository('team/app')
  const { manifest, config } = image
  const referrer = { ...manifest, digest: digestOf('referrer') }
  await store.holdings.hold('manifest', repository, manifest, { parts: [config.digest] })
  await store.holdings.hold('manifest', repository, referrer)
  await store.holdings.refer(repository, manifest.digest, referrer)
  await store.holdings.refer(repository, config.digest, referrer)
  await store.holdings.unrefer(repository, config.digest, referrer.digest)
  const gone = { ...manifest, digest: digestOf('gone') }
  await store.holdings.hold('manifest', repository, gone)
  await store.holdings.drop('manifest', repository, gone.digest)
  store.database[Symbol.dispose]()
  await rm(fixture.path)
  const again = await fixture.open()
  expect(await again.holdings.find('manifest', repository, manifest.digest)).toEqual(manifest)
  expect(await again.holdings.find('manifest', repository, gone.digest)).toBeUndefined()
  expect(await again.holdings.referrers(repository, manifest.digest, { limit: 9 })).toEqual([referrer])
  expect(await again.holdings.referrers(repository, config.digest, { limit: 9 })).toEqual([])
  expect(await again.leases.sweep([manifest.digest, config.digest], () => {})).toEqual([])
  again.database.verify()
  expect(again.rebuilt).toHaveLength(1)
})

test('a changed text is found by a comparison, and a changed bit in the log gives nothing up', async () => {
  const store = await fixture.open()
  await store.put(image, ...NAMES)
  for (const sql of [
    "update names set path = 'library/other' where tag = '3'",
    "update needs set digest = replace(digest, 'a', 'b')",
    "update contents set parts = '[]'",
    "delete from names where tag = '5'",
  ]) {
    store.database.run(sql)
    store.database.verify()
    expect(await store.names()).toEqual(NAMES)
  }
  expect(store.rebuilt).toHaveLength(4)
  store.database.run("update targets set descriptor = 'no JSON'")
  expect(await store.images.list()).toHaveLength(1)
  expect(store.rebuilt).toHaveLength(5)
})

test('a database and a journal of the release before are taken over in place', async () => {
  {
    using before = await openDatabase(fixture.path)
    const { images } = createMetadata({ database: before, content: fixture.content, journal: fixture.journal })
    for (const name of NAMES)
      await images.put(
        image.manifest,
        { platforms: [platformImage(image)] },
        { names: [{ name: parseReference(name) }] },
      )
  }
  const old = await readFile(fixture.journal)
  const store = await fixture.open()
  expect([await store.names(), store.rebuilt]).toEqual([NAMES, []])
  store.database[Symbol.dispose]()
  // The same without its database.
  for (const path of [fixture.path, `${fixture.path}-seen`]) await rm(path)
  await writeFile(fixture.journal, old)
  const again = await fixture.open()
  expect(await again.names()).toEqual(NAMES)
  expect(again.rebuilt).toMatchObject([{ names: 8 }])
})

test('a store of a newer release is refused and left as it is', async () => {
  const store = await fixture.open()
  await store.put(image, ...NAMES)
  store.database.run(`pragma user_version = ${SCHEMA_VERSION + 1}`)
  store.database[Symbol.dispose]()
  const before = await readdir(fixture.directory)
  await expect(fixture.open()).rejects.toMatchObject({ code: 'ERR_STORE_VERSION' })
  expect(await readdir(fixture.directory)).toEqual(before)
})

test('images come back from their blobs alone, without names', async () => {
  const store = await fixture.open(true)
  expect(store.rebuilt).toMatchObject([{ names: 0, damagedLines: 0 }])
  const other = await fixture.image('b')
  await fixture.content.delete(other.config.digest)
  expect(store.database.due()).toEqual(['layers', 'blobs'])
  expect(await recoverImages({ content: fixture.content, images: store.images })).toBe(1)
  expect(await recoverImages({ content: fixture.content, images: store.images })).toBe(0)
  const { size: _, ...found } = platformImage(image)
  expect(await store.images.list()).toMatchObject([{ target: image.manifest, names: [], platforms: [found] }])
})

test('a list that another process changes between its queries shows no image without its name', async () => {
  const store = await fixture.open()
  const other = await fixture.open()
  let put: Promise<void> | undefined
  const watched = {
    ...store.database,
    all(sql: string, ...params: (string | number)[]) {
      const rows = store.database.all(sql, ...params)
      put ??= other.put(image, ...NAMES)
      return rows
    },
  }
  const { images } = createMetadata({ database: watched, content: fixture.content })
  expect((await images.list()).map(({ names }) => names.length)).toEqual([])
  await put
  expect((await images.list()).map(({ names }) => names.length)).toEqual([8])
})
