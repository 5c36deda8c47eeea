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
/** What ran since it was emptied. */
const statements = new Set<string>()

beforeAll(async () => {
  database = await openDatabase(':memory:')
  const counted: Database = {
    ...database,
    run(sql, ...params) {
      statements.add(sql)
      database.run(sql, ...params)
    },
    all(sql, ...params) {
      queries++
      statements.add(sql)
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

/** The tables that what ran reads from end to end. */
function scans(): string[] {
  const plans = [...statements].flatMap((sql) => {
    const params = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => null)
    const most = Math.max(0, ...Array.from(sql.matchAll(/\?(\d)/g), ([, at]) => Number(at)))
    const rows = database.all(`explain query plan ${sql}`, ...(most > 0 ? params.slice(0, most) : params))
    return rows.map(({ detail }) => ({ sql, detail: String(detail) }))
  })
  return plans.flatMap(({ sql, detail }) =>
    /^SCAN (?!\(subquery|CONSTANT ROW)/.test(detail) ? [`${detail}: ${sql}`] : [],
  )
}

test('what concerns one image reads no table from end to end', async () => {
  const { images, holdings, leases } = metadata
  const { manifest, config, layers } = imageOf(42)
  const repository = { domain: 'docker.io', path: 'team/app42' }
  statements.clear()
  for (const text of ['team/app42:42', config.digest, digestHex(manifest.digest).slice(0, 12)]) await images.find(text)
  await images.get(indexOf(42))
  await images.findImage(manifest)
  for (const { digest } of [config, ...layers]) {
    await holdings.find('blob', repository, digest)
    await holdings.isNeeded('blob', repository, digest)
  }
  for (const { digest } of [manifest, indexOf(42)]) {
    await holdings.find('manifest', repository, digest)
    await holdings.isNeeded('manifest', repository, digest)
  }
  await holdings.tags(repository, { limit: 3, after: '1' })
  await holdings.referrers(repository, manifest.digest, { limit: 3 })
  const name = parseReference('team/app42:new')
  await images.put(indexOf(42), { present: [imageOf(43).manifest] }, { names: [{ name }], keptBy: 'nobody' })
  await images.removeContent(indexOf(42).digest, [imageOf(43).manifest.digest])
  await leases.keep('pull-1', [manifest.digest])
  await leases.isKept(manifest.digest)
  await leases.leave('pull-1')
  await images.remove({ names: [name], targets: [indexOf(MANY).digest] })
  await holdings.hold('manifest', repository, manifest, { parts: [config.digest] })
  await holdings.drop('manifest', repository, manifest.digest)
  await leases.sweep([manifest.digest, config.digest, digestOf('gone')], () => {})
  expect(statements.size).toBeGreaterThan(30)
  expect(scans()).toEqual([])
})

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
  expect(await queriesOf(async () => expect(await metadata.leases.sweep(kept, () => {})).toEqual([]))).toBeLessThan(9)
})
