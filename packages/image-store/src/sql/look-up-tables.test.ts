import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { createMemoryStore } from '@drayage/content'
import { digestOf, parseImageId } from '@drayage/digest'
import { MEDIA_TYPES, withSignedBytes } from '@drayage/manifest'
import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { described } from '../conformance/subject.ts'
import { DEFAULT_LEASE_MS } from '../leases.ts'
import { createMetadata } from '../metadata.ts'
import { openDatabase } from './database.ts'
import { MIGRATIONS } from './schema.ts'

const [manifest, config, layer] = ['manifest', 'config', 'layer'].map((each) => described(each)) as [
  ReturnType<typeof described>,
  ReturnType<typeof described>,
  ReturnType<typeof described>,
]
const signedBytes = Buffer.from('signed')
const signed = withSignedBytes(described('schema 1', MEDIA_TYPES.schema1Signed), signedBytes)
const [leased, condemned] = [digestOf('leased'), digestOf('condemned')]

/** A database as releases wrote it before it had tables to look things up by one digest. */
function writeFourth(path: string): void {
  const handle = new DatabaseSync(path)
  handle.exec('pragma foreign_keys = on')
  for (const step of MIGRATIONS.slice(0, 4)) handle.exec(step)
  for (const table of ['first_names', 'first_manifests', 'first_images']) handle.exec(`drop table ${table}`)
  const run = (sql: string, ...values: (string | number | null)[]): void => void handle.prepare(sql).run(...values)
  for (const target of [manifest, signed]) {
    run('insert into targets values (?, ?, ?)', target.digest, JSON.stringify(target), 5)
  }
  const platform = JSON.stringify({ os: 'linux', architecture: 'amd64' })
  run(
    'insert into contents values (?, ?, ?, ?, ?, ?, ?, ?)',
    ...[manifest.digest, JSON.stringify(manifest), config.digest, JSON.stringify(config), platform, null, 5],
    JSON.stringify([layer]),
  )
  run('insert into members (target, manifest) values (?, ?)', manifest.digest, manifest.digest)
  const name = ['docker.io/team/app:1', 'docker.io', 'team/app', '1', null]
  run('insert into names values (?, ?, ?, ?, ?, ?, ?, 0, 5)', ...name, JSON.stringify(manifest), manifest.digest)
  run('insert into leases values (?, ?, ?)', 'pull-1', leased, 5 + DEFAULT_LEASE_MS)
  run('insert into condemned values (?, ?)', condemned, Number.MAX_SAFE_INTEGER)
  handle.exec('pragma user_version = 4')
  handle.close()
}

test('a database of before is looked up by one digest, and keeps what it kept', async () => {
  await using directory = await tempDir()
  const path = join(directory.path, 'metadata.db')
  writeFourth(path)
  using database = await openDatabase(path)
  let nowMs = 5
  const { holdings, images, leases } = createMetadata({ database, content: createMemoryStore(), now: () => nowMs })
  const repository = { domain: 'docker.io', path: 'team/app' }
  for (const part of [config, layer]) {
    expect(await holdings.find('blob', repository, part.digest)).toEqual(part)
    expect(await holdings.isNeeded('blob', repository, part.digest)).toBe(true)
  }
  const all = [manifest, config, layer, signed].map(({ digest }) => digest)
  const gone: string[] = []
  const sweep = () => leases.sweep([...all, digestOf(signedBytes), leased, condemned], (digest) => gone.push(digest))
  expect(await sweep()).toEqual([condemned])
  nowMs += DEFAULT_LEASE_MS
  expect(await sweep()).toEqual([leased, condemned])
  // Nobody waits for a sweep of before that never ended.
  await leases.keep('pull-2', [condemned])
  await images.remove({ names: [], targets: [signed.digest] })
  const removed = await images.remove({ names: [{ ...repository, tag: '1' }], targets: [manifest.digest] })
  expect(removed.ids).toEqual([parseImageId(config.digest)])
  expect(await sweep()).toEqual([...all, digestOf(signedBytes), leased])
  expect(database.all('select * from needs')).toEqual([])
})
