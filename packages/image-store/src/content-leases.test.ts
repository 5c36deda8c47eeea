import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

import { digestOf, parseImageId, type Digest } from '@drayage/digest'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { createContentLeases, DEFAULT_LEASE_MS } from './content-leases.ts'
import { openDatabase, type Database } from './database.ts'
import { createImageStore } from './image-store.ts'

let directory: string
let database: Database

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'leases-'))
  database = await openDatabase(path.join(directory, 'metadata.db'))
})
afterEach(async () => {
  database[Symbol.dispose]()
  await rm(directory, { recursive: true })
})

const [a, b, c] = ['a', 'b', 'c'].map((text) => digestOf(text)) as [Digest, Digest, Digest]

test('sweep() removes what nothing needs and keeps what is leased', async () => {
  const leases = createContentLeases({ database })
  const gone: Digest[] = []
  await leases.keep('pull-1', [b])
  expect(await leases.sweep([a, b], async (digest) => gone.push(digest))).toEqual([a])
  expect(gone).toEqual([a])
  await leases.release('pull-1')
  expect(await leases.sweep([a, b], async () => {})).toEqual([a, b])
})

test('sweep() keeps what an image or a name needs', async () => {
  const leases = createContentLeases({ database })
  const images = createImageStore({ database, content: { async *fetch() {}, has: async () => false } })
  const descriptor = (digest: Digest) => ({ mediaType: 'application/octet-stream', digest, size: 1 })
  await images.put({
    id: parseImageId(a),
    manifest: descriptor(b),
    config: descriptor(a),
    layers: [descriptor(c)],
    platform: { os: 'linux', architecture: 'amd64' },
    size: 1,
  })
  expect(await leases.sweep([a, b, c], async () => {})).toEqual([])
  await images.delete(parseImageId(a))
  expect(await leases.sweep([a, b, c], async () => {})).toEqual([a, b, c])
})

test('keep() waits while a sweep removes the content, so that what it finds afterwards stays', async () => {
  const leases = createContentLeases({ database })
  const order: string[] = []
  const removing = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const sweep = leases
    .sweep([a], async () => {
      started.resolve()
      await removing.promise
    })
    .then(() => order.push('swept'))
  await started.promise
  const keep = leases.keep('pull-1', [a]).then(() => order.push('kept'))
  removing.resolve()
  await Promise.all([sweep, keep])
  expect(order).toEqual(['swept', 'kept'])
})

test('keep() outlives a sweeper that died, once its time is over', async () => {
  let now = 1000
  const leases = createContentLeases({ database, now: () => now })
  database.run('insert into condemned (digest, until) values (?, ?)', a, 5000)
  const waiting = leases.keep('pull-1', [a], { signal: AbortSignal.timeout(60_000) })
  now = 5000
  await waiting
  expect(database.all('select digest from condemned')).toEqual([])
})

test('sweep() does not remove after its time, when others may count on the content', async () => {
  let now = 0
  const leases = createContentLeases({ database, now: () => now })
  const removed = await leases.sweep([a, b], async () => {
    now += 55_000
  })
  expect(removed).toEqual([a])
})

test('a lease ends after a day', async () => {
  let now = 0
  const leases = createContentLeases({ database, now: () => now })
  await leases.keep('killed', [a])
  now = DEFAULT_LEASE_MS
  expect(await leases.sweep([a], async () => {})).toEqual([a])
})

test('keep() rejects with the reason of its signal', async () => {
  const leases = createContentLeases({ database })
  const reason = new Error('enough')
  await expect(leases.keep('pull-1', [a], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})
