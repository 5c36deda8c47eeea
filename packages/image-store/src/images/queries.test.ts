import { createMemoryStore } from '@drayage/content'
import { digestHex, digestOf, parseImageId } from '@drayage/digest'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { createMetadata } from '../metadata.ts'
import type { Metadata } from '../ports.ts'
import { openDatabase, type Database } from '../sql/database.ts'
import { openSqlTables } from '../sql/sql-tables.ts'
import type { PlatformImage } from '../stored-image.ts'
import { applyChange } from './ledger.ts'

const MANY = 10_000
let database: Database
let metadata: Metadata
let queries = 0

beforeAll(async () => {
  database = await openDatabase(':memory:')
  const counted: Database = {
    ...database,
    all(sql, ...params) {
      queries++
      return database.all(sql, ...params)
    },
  }
  metadata = createMetadata({ database: counted, content: createMemoryStore() })
  const tables = openSqlTables(database)
  tables.transaction(() => {
    for (let at = 0; at < MANY; at++) {
      const [target, image] = [indexOf(at), imageOf(at)]
      applyChange(tables, { op: 'put', target, contents: [{ kind: 'image', image }], atMs: at })
      const name = parseReference(`team/app${at % 100}:${at}`)
      applyChange(tables, { op: 'name', name, target, isPinned: false, atMs: at })
    }
  })
})
afterAll(() => database[Symbol.dispose]())

function described(text: string, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(text), size: text.length }
}

function indexOf(at: number): Descriptor {
  return described(`index ${at}`, MEDIA_TYPES.ociIndex)
}

function imageOf(at: number): PlatformImage {
  const config = described(`config ${at}`, MEDIA_TYPES.ociConfig)
  return {
    id: parseImageId(config.digest),
    manifest: described(`manifest ${at}`, MEDIA_TYPES.ociManifest),
    config,
    platform: { os: 'linux', architecture: 'amd64' },
    size: 10,
    layers: [described(`layer ${at}`, MEDIA_TYPES.ociLayerGzip)],
  }
}

/** How many queries some work makes. */
async function queriesOf(work: () => Promise<unknown>): Promise<number> {
  const before = queries
  await work()
  return queries - before
}

test('list() makes a few queries, however many images there are', async () => {
  expect(await queriesOf(async () => expect(await metadata.images.list()).toHaveLength(MANY))).toBeLessThanOrEqual(3)
})

test('find() makes a few queries, whatever it is given', async () => {
  const { manifest, config } = imageOf(77)
  const hex = digestHex(manifest.digest)
  const texts = [
    'team/app77:77',
    'team/app77:none',
    indexOf(77).digest,
    manifest.digest,
    config.digest,
    hex.slice(0, 12),
  ]
  for (const text of [...texts, `sha256:${hex.slice(0, 20)}`, 'a', 'nothing']) {
    expect(await queriesOf(() => metadata.images.find(text).catch(() => undefined))).toBeLessThanOrEqual(16)
  }
})

test('put(), a name that moves and a removal make a few queries', async () => {
  const { images } = metadata
  const name = parseReference('team/app1:1')
  const put = () => images.put(indexOf(2), { platforms: [imageOf(MANY)], present: [imageOf(3).manifest] })
  expect(await queriesOf(put)).toBeLessThanOrEqual(10)
  expect(await queriesOf(() => images.tag(indexOf(4), name))).toBeLessThanOrEqual(12)
  const removal = { names: [name, parseReference('team/app4:4')], targets: [indexOf(4).digest] }
  expect(await queriesOf(() => images.remove(removal))).toBeLessThanOrEqual(16)
})

test('what a repository holds takes a few queries, however many names it has', async () => {
  const { holdings } = metadata
  const repository = { domain: 'docker.io', path: 'team/app5' }
  const { config, manifest } = imageOf(105)
  for (const [kind, what] of [
    ['blob', config],
    ['manifest', manifest],
    ['manifest', indexOf(105)],
  ] as const) {
    const find = async () => expect(await holdings.find(kind, repository, what.digest)).toEqual(what)
    expect(await queriesOf(find)).toBeLessThanOrEqual(4)
    expect(await queriesOf(() => holdings.isNeeded(kind, repository, what.digest))).toBeLessThanOrEqual(4)
  }
})

test('a sweep makes a few queries, however many images there are', async () => {
  const kept = [indexOf(6), imageOf(6).manifest, ...imageOf(6).layers].map(({ digest }) => digest)
  expect(
    await queriesOf(async () => expect(await metadata.leases.sweep(kept, async () => {})).toEqual([])),
  ).toBeLessThan(9)
})
