import { once } from 'node:events'
import { mkdir, readdir, rename, rm, utimes } from 'node:fs/promises'
import path from 'node:path'

import { fromBytes } from '@drayage/bytes'
import { writeBlob } from '@drayage/content'
import type { DistributionEvent } from '@drayage/distribution'
import { chainId, parseDiffId } from '@drayage/digest'
import { buildImage, describe as described, tempDir } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { pullImage } from './pull-image.ts'
import { SWEEP_EVERY_MS, sweepStore, sweepWhenDue } from './sweep-store.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'
import { DEFAULT_INGEST_AGE_MS } from '../store/store.ts'
import { startChild } from '../test/run-child.ts'
import { uploadsDirectory } from '../store/file-store/store-directory.ts'
import { createFileSessions } from '../store/file-store/upload-sessions.ts'

const bytes = new TextEncoder().encode('orphan')
const orphan = described('application/octet-stream', bytes)

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  test('sweepStore() removes orphans, and keeps images, leased content and young downloads', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
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
    expect(await sweepStore(runtime)).toEqual({ ingests: 0, blobs: [orphan.digest], bytes: bytes.byteLength })
    await using ingest = await store.content.begin('broken-off')
    expect(ingest.offset).toBe(bytes.byteLength)
    expect(await findFaults(store)).toEqual([])
  })
})

// The rest is about what is on a disk.

test('sweepStore() releases layers of images that are gone, as after a removal that failed halfway', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  await using runtime = await openTestRuntime(directory.path)
  const image = await buildImage()
  await pullImage(runtime, await registry.push('app', '1', image))
  const { layers, images } = await runtime.openStore()
  const [stored] = await images.list()
  const layer = chainId(parseDiffId(image.layers[0]?.diffId ?? ''))
  const names = stored?.names.map(({ name }) => name) ?? []
  await images.remove({ names, targets: stored === undefined ? [] : [stored.target.digest] })
  expect(await images.list()).toEqual([])
  expect(await layers.get(layer)).toBeDefined()
  await sweepStore(runtime)
  expect(await layers.get(layer)).toBeUndefined()
})

test('sweepStore() removes old downloads and upload sessions', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  const store = await runtime.openStore()
  {
    await using ingest = await store.content.begin('broken-off')
    await ingest.append(fromBytes(bytes))
  }
  const old = new Date(Date.now() - DEFAULT_INGEST_AGE_MS - 1000)
  await utimes(path.join(runtime.store.location, 'ingest/broken-off/data'), old, old)
  const uploads = uploadsDirectory(runtime.store.location)
  await createFileSessions(uploads).save('broken-off', 'session')
  for (const name of await readdir(uploads)) await utimes(path.join(uploads, name), old, old)
  expect(await sweepStore(runtime)).toEqual({ ingests: 1, blobs: [], bytes: bytes.byteLength })
  expect(await readdir(uploads)).toEqual([])
})

test('sweepStore() removes what killed conversions left, and leaves those at work', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  const scratch = path.join(runtime.store.location, 'scratch')
  for (const name of ['killed/blobs', 'at-work/blobs']) await mkdir(path.join(scratch, name), { recursive: true })
  const old = new Date(Date.now() - DEFAULT_INGEST_AGE_MS - 1000)
  await utimes(path.join(scratch, 'killed'), old, old)
  await sweepStore(runtime)
  expect(await readdir(scratch)).toEqual(['at-work'])
})

test('sweepStore() removes what a conversion left as soon as its process has ended', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  await using _own = await runtime.store.openScratch()
  const child = startChild(directory.path, 'scratch')
  await once(child.stdout, 'data')
  const scratch = path.join(runtime.store.location, 'scratch')
  await sweepStore(runtime)
  expect(await readdir(scratch)).toHaveLength(2)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await sweepStore(runtime)
  expect(await readdir(scratch)).toHaveLength(1)
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
  await rename(path.join(runtime.store.location, 'ingest'), path.join(directory.path, 'gone'))
  const events: DistributionEvent[] = []
  await sweepWhenDue(store, (event) => events.push(event))
  expect(events).toEqual([
    {
      type: 'warning',
      message: expect.stringMatching(/^Cannot sweep the store: Cannot list .* no such file or directory$/),
    },
  ])
  await rm(path.join(directory.path, 'gone'), { recursive: true })
})
