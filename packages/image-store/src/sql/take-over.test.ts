import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Digest } from '@drayage/digest'
import { signedBytesOf } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { createMetadata } from '../metadata.ts'
import { createFirstFixture, stateOf, type FirstFixture } from '../test/first-fixture.ts'
import type { Database } from './database.ts'
import { takeOverFirstModel } from './take-over.ts'

let first: FirstFixture

beforeEach(async () => {
  first = await createFirstFixture()
})
afterEach(() => first[Symbol.asyncDispose]())

test('takeOverFirstModel() gives what was', async () => {
  const metadata = await first.takenOver()
  expect(await first.heldBy(metadata)).toEqual(first.held)
  const { images } = metadata
  const schema1 = await images.resolve(parseReference('old:1'))
  expect(signedBytesOf(schema1)).toBeDefined()
  expect((await images.get(schema1))?.target).toEqual(schema1)
  const listed = await images.list()
  const times = listed.flatMap(({ addedAtMs, names }) => [addedAtMs, ...names.map(({ namedAtMs }) => namedAtMs)])
  expect(times.every((each) => each >= Date.parse('2024-01-01') && each < Date.parse('2024-01-02'))).toBe(true)
})

test('takeOverFirstModel() keeps all content that an image or a name needed', async () => {
  const { images, leases } = await first.takenOver()
  const stored: Digest[] = []
  for await (const { digest } of first.content.list()) stored.push(digest)
  const gone = new Set(await leases.sweep(stored, () => {}))
  for (const { target, platforms, others } of await images.list()) {
    const signed = signedBytesOf(target)?.digest ?? target.digest
    const parts = platforms.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers])
    for (const digest of [
      signed,
      ...[...parts, ...others.map(({ manifest }) => manifest)].map((each) => each.digest),
    ]) {
      expect(gone.has(digest)).toBe(false)
    }
  }
  expect(gone.size).toBeGreaterThan(0)
})

test('rebuildImageStore() makes the same of a journal before a take-over, after it, and of its last line', async () => {
  const { metadata: before, result } = await first.rebuilt(first.journal)
  expect(result).toMatchObject({ damagedLines: 0, lostImages: [], lostNames: [] })
  expect(await first.heldBy(before)).toEqual(first.held)
  const state = await stateOf(await first.takenOver())
  expect(await stateOf(before)).toEqual(state)
  expect(await stateOf((await first.rebuilt(first.journal)).metadata)).toEqual(state)
  const last = (await readFile(first.journal, 'utf8')).trimEnd().split('\n').at(-1)
  const alone = join(first.directory, 'alone.journal')
  await writeFile(alone, `${last}\n`)
  expect(await stateOf((await first.rebuilt(alone)).metadata)).toEqual(state)
})

test('the journal of a take-over cut at any byte makes the same', async () => {
  const { size } = await stat(first.journal)
  const state = await stateOf(await first.takenOver())
  const bytes = await readFile(first.journal)
  const cut = join(first.directory, 'cut.journal')
  for (let length = size; length <= bytes.byteLength; length += Math.ceil((bytes.byteLength - size) / 7)) {
    await writeFile(cut, bytes.subarray(0, length))
    expect(await stateOf((await first.rebuilt(cut)).metadata)).toEqual(state)
  }
})

test('what changes after a take-over is rebuilt with what was taken over', async () => {
  const metadata = await first.takenOver()
  const { images } = metadata
  const many = await images.resolve(parseReference('many:1'))
  await images.tag(many, parseReference('two:1'))
  await images.untag(parseReference('artifact:1'))
  const single = await images.resolve(parseReference('single:1'))
  const names = (await images.get(single))?.names.map(({ name }) => name) ?? []
  await images.remove({ names, targets: [single.digest] })
  expect(await stateOf((await first.rebuilt(first.journal)).metadata)).toEqual(await stateOf(metadata))
})

test('takeOverFirstModel() does nothing again, and leaves the journal to a database that is new', async () => {
  const before = await readFile(first.journal, 'utf8')
  const database = await first.open(':memory:')
  await takeOverFirstModel({ database, content: first.content, journal: first.journal })
  expect(await readFile(first.journal, 'utf8')).toBe(before)
  expect(database.all("select name from sqlite_master where name like 'first_%'")).toEqual([])
  await first.takenOver()
  const after = await readFile(first.journal, 'utf8')
  await first.takenOver()
  expect(await readFile(first.journal, 'utf8')).toBe(after)
})

test('takeOverFirstModel() gives up with the reason of its signal, and the next one takes over', async () => {
  const database = await first.open(join(first.directory, 'metadata.db'))
  const reason = new Error('enough')
  const given = AbortSignal.abort(reason)
  const before = await readFile(first.journal, 'utf8')
  const options = { database, content: first.content, journal: first.journal }
  await expect(takeOverFirstModel({ ...options, signal: given })).rejects.toBe(reason)
  expect(await readFile(first.journal, 'utf8')).toBe(before)
  expect(await first.heldBy(await first.takenOver())).toEqual(first.held)
})

test('takeOverFirstModel() that looked before another took over leaves all to it', async () => {
  const database = await first.open(join(first.directory, 'metadata.db'))
  let looked: ReturnType<Database['all']> | undefined
  const late: Database = {
    ...database,
    all(sql, ...params) {
      const rows = looked ?? database.all(sql, ...params)
      looked = undefined
      return rows
    },
  }
  looked = database.all("select 1 from sqlite_master where type = 'table' and name = 'first_images'")
  expect(looked).toHaveLength(1)
  const state = await stateOf(await first.takenOver())
  await takeOverFirstModel({ database: late, content: first.content, journal: first.journal })
  expect(await stateOf(createMetadata({ database, content: first.content }))).toEqual(state)
})
