import { mkdir, readdir, rename, rm, utimes } from 'node:fs/promises'
import path from 'node:path'

import { fromBytes } from '@drayage/bytes'
import { writeBlob } from '@drayage/content'
import type { DistributionEvent } from '@drayage/distribution'
import { buildImage, describe, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { pullImage } from './pull-image.ts'
import { DEFAULT_INGEST_AGE_MS, SWEEP_EVERY_MS, sweepStore, sweepWhenDue } from './sweep-store.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { createFileSessions, uploadsDirectory } from '../remote/upload-sessions.ts'

const bytes = new TextEncoder().encode('orphan')
const orphan = describe('application/octet-stream', bytes)

test('sweepStore() removes orphans and old downloads, and keeps images, leased content and young downloads (I5)', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  await using runtime = await openTestRuntime(directory.path)
  await pullImage(runtime, await registry.push('app', '1', await buildImage()))
  const store = await runtime.openStore()
  await writeBlob(store.content, orphan, bytes)
  {
    await using ingest = await store.content.begin('broken-off')
    await ingest.append(fromBytes(bytes))
  }
  await store.leases.keep('someone', [orphan.digest])
  expect(await sweepStore(runtime)).toEqual({ ingests: 0, blobs: [], bytes: 0 })
  await store.leases.release('someone')
  const old = new Date(Date.now() - DEFAULT_INGEST_AGE_MS - 1000)
  await utimes(path.join(store.directory, 'ingest/broken-off/data'), old, old)
  const uploads = uploadsDirectory(store.directory)
  await createFileSessions(uploads).save('broken-off', 'session')
  for (const name of await readdir(uploads)) await utimes(path.join(uploads, name), old, old)
  expect(await sweepStore(runtime)).toEqual({ ingests: 1, blobs: [orphan.digest], bytes: 12 })
  expect(await readdir(uploads)).toEqual([])
  expect(await findFaults(store)).toEqual([])
})

test('sweepStore() removes what killed conversions left, and leaves those at work', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  const store = await runtime.openStore()
  const scratch = path.join(store.directory, 'scratch')
  for (const name of ['killed/blobs', 'at-work/blobs']) await mkdir(path.join(scratch, name), { recursive: true })
  const old = new Date(Date.now() - DEFAULT_INGEST_AGE_MS - 1000)
  await utimes(path.join(scratch, 'killed'), old, old)
  await sweepStore(runtime)
  expect(await readdir(scratch)).toEqual(['at-work'])
})

test('sweepWhenDue() sweeps once a day, and again after a clock that was ahead', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  const store = await runtime.openStore()
  const events: DistributionEvent[] = []
  const isSwept = async (nowMs: number): Promise<boolean> => {
    await writeBlob(store.content, orphan, bytes)
    await sweepWhenDue(store, (event) => events.push(event), nowMs)
    return !(await store.content.has(orphan))
  }
  expect(await isSwept(Date.now())).toBe(true)
  expect(await isSwept(Date.now() + 1000)).toBe(false)
  expect(await isSwept(Date.now() + SWEEP_EVERY_MS + 1000)).toBe(true)
  expect(await isSwept(Date.now() - SWEEP_EVERY_MS)).toBe(true)
  expect(events).toEqual([])
})

test('sweepWhenDue() warns when it cannot sweep', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  const store = await runtime.openStore()
  await store.content.has(orphan)
  await rename(path.join(store.directory, 'ingest'), path.join(directory.path, 'gone'))
  const events: DistributionEvent[] = []
  await sweepWhenDue(store, (event) => events.push(event))
  expect(events).toEqual([{ type: 'warning', message: expect.stringMatching(/^Cannot sweep the store: ENOENT/) }])
  await rm(path.join(directory.path, 'gone'), { recursive: true })
})
