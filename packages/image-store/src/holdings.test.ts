import path from 'node:path'

import { digestOf, type Digest } from '@drayage/digest'
import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { createContentLeases } from './content-leases.ts'
import { openDatabase, type Database } from './database.ts'
import { createHoldings, HOLDING_GRACE_MS, type Holdings } from './holdings.ts'
import { createUploadRecords } from './upload-records.ts'

let directory: TempDir
let database: Database
let holdings: Holdings
let nowMs = 0

beforeEach(async () => {
  directory = await tempDir()
  database = await openDatabase(path.join(directory.path, 'metadata.db'))
  nowMs = 1_000_000
  holdings = createHoldings({ database, now: () => nowMs })
})
afterEach(async () => {
  database[Symbol.dispose]()
  await directory[Symbol.asyncDispose]()
})

const repository = { domain: 'docker.io', path: 'team/app' }
const other = { domain: 'docker.io', path: 'team/other' }
const described = (text: string): { mediaType: string; digest: Digest; size: number } => ({
  mediaType: 'x/y',
  digest: digestOf(text),
  size: text.length,
})

test('a repository holds what was put into it, until it is dropped', () => {
  const blob = described('blob')
  holdings.hold('blob', repository, blob)
  expect(holdings.find('blob', repository, blob.digest)).toEqual(blob)
  expect(holdings.find('manifest', repository, blob.digest)).toBeUndefined()
  expect(holdings.find('blob', other, blob.digest)).toBeUndefined()
  expect(holdings.drop('blob', repository, blob.digest)).toBe(true)
  expect(holdings.drop('blob', repository, blob.digest)).toBe(false)
  expect(holdings.find('blob', repository, blob.digest)).toBeUndefined()
})

test('content that is held stays for a day, with its parts and what refers to it', async () => {
  const [manifest, blob, signature, alone] = ['manifest', 'blob', 'signature', 'alone'].map(described)
  if (manifest === undefined || blob === undefined || signature === undefined || alone === undefined) throw new Error()
  holdings.hold('manifest', repository, manifest, [blob.digest])
  holdings.refer(repository, manifest.digest, signature)
  const leases = createContentLeases({ database, now: () => nowMs })
  const all = [manifest, blob, signature, alone].map(({ digest }) => digest)
  const sweep = (): Promise<Digest[]> => leases.sweep(all, async () => {})
  expect(await sweep()).toEqual([alone.digest])
  nowMs += HOLDING_GRACE_MS
  expect(new Set(await sweep())).toEqual(new Set(all))
  expect(holdings.find('manifest', repository, manifest.digest)).toBeUndefined()
  expect(holdings.referrers(repository, manifest.digest, { limit: 9 })).toEqual([])
})

test('repositories and referrers come in pages, sorted', () => {
  for (const each of [other, repository]) holdings.hold('blob', each, described('b'))
  expect(holdings.repositories({ limit: 1 })).toEqual(['docker.io/team/app'])
  expect(holdings.repositories({ limit: 9, after: 'docker.io/team/app' })).toEqual(['docker.io/team/other'])
  expect(holdings.tags(repository, { limit: 9 })).toEqual([])
  expect(holdings.tags({ domain: 'docker.io', path: 'none' }, { limit: 9 })).toBeUndefined()
  const subject = digestOf('subject')
  const all = ['a', 'b', 'c'].map(described).sort((a, b) => (a.digest < b.digest ? -1 : 1))
  for (const each of all) holdings.refer(repository, subject, each)
  const [first, ...rest] = all
  expect(holdings.referrers(repository, subject, { limit: 1 })).toEqual([first])
  expect(holdings.referrers(repository, subject, { limit: 9, after: first?.digest })).toEqual(rest)
  holdings.unrefer(repository, subject, rest[0]?.digest ?? subject)
  expect(holdings.referrers(repository, subject, { limit: 9 })).toHaveLength(2)
})

test('uploads are found until they are closed', () => {
  const uploads = createUploadRecords({ database })
  const upload = { id: 'a'.repeat(32), repository: 'team/app', startedAtMs: 5 }
  uploads.open(upload)
  expect([uploads.find(upload.id), uploads.list()]).toEqual([upload, [upload]])
  uploads.close(upload.id)
  expect(uploads.find(upload.id)).toBeUndefined()
})
