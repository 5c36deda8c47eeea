import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import path from 'node:path'

import { fromBytes } from '@drayage/bytes'
import { writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { DEFAULT_LEASE_MS } from '@drayage/image-store'
import { buildImage, describe as described, randomBytes, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { pruneImages } from '../../images/prune-images.ts'
import { pullImage } from '../../images/pull-image.ts'
import { sweepStore } from '../../images/sweep-store.ts'
import { findFaults } from '../../test/check-store.ts'
import { openTestRuntime } from '../../test/open-test-runtime.ts'
import { startChild } from '../../test/run-child.ts'
import { startRegistry } from '../../test/test-registry.ts'
import { testStore } from '../../test/test-store.ts'
import { openFileLives } from './holder-life.ts'

const YEAR_MS = 365 * 24 * 60 * 60 * 1000
const bytes = new TextEncoder().encode('kept')
const kept = described('application/octet-stream', bytes)

async function lockFiles(directory: string): Promise<string[]> {
  return await readdir(path.join(directory, 'store', 'holders'))
}

test('what a process keeps stays while it lives, also stopped, at any time of the clock, and for a day after', async () => {
  await using directory = await tempDir()
  let nowMs = Date.now()
  const { opener: store } = testStore('file', directory.path, { now: () => nowMs })
  await using runtime = await openTestRuntime(directory.path, { store })
  const { content } = await runtime.openStore()
  await writeBlob(content, kept, bytes)
  const child = startChild(directory.path, 'keep', kept.digest)
  try {
    await once(child.stdout, 'data')
    child.kill('SIGSTOP')
    for (const jump of [YEAR_MS, -2 * YEAR_MS, YEAR_MS]) {
      nowMs += jump
      expect((await sweepStore(runtime, { graceMs: 0 })).blobs).toEqual([])
    }
    expect(await lockFiles(directory.path)).toHaveLength(1)
  } finally {
    child.kill('SIGKILL')
  }
  await once(child, 'close')
  expect((await sweepStore(runtime)).blobs).toEqual([])
  expect(await lockFiles(directory.path)).toEqual([])
  nowMs += DEFAULT_LEASE_MS
  expect((await sweepStore(runtime)).blobs).toEqual([kept.digest])
})

test('pruneImages() takes at once what processes kept that were killed, whole or in part', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  const { content } = await runtime.openStore()
  await writeBlob(content, kept, bytes)
  const partial = digestOf('all of it')
  {
    await using ingest = await content.begin(partial)
    await ingest.append(fromBytes(bytes))
  }
  const children = [kept.digest, partial].map((digest) => startChild(directory.path, 'keep', digest))
  await Promise.all(children.map(async (child) => once(child.stdout, 'data')))
  expect((await pruneImages(runtime)).bytes).toBe(0)
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map(async (child) => once(child, 'close')))
  expect((await pruneImages(runtime)).bytes).toBe(2 * bytes.byteLength)
  expect(await content.has(kept)).toBe(false)
  for (const each of ['ingest', 'holders']) expect(await readdir(path.join(directory.path, 'store', each))).toEqual([])
})

test('a pull that is stopped while the clock jumps and a prune runs brings all of its image', async () => {
  await using directory = await tempDir()
  const layers = [1, 2].map((at) => [{ path: `${at}`, content: randomBytes(at, 300_000) }])
  const image = await buildImage({ layers })
  const [first, last] = image.layers.map(({ descriptor }) => descriptor)
  const stalled = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  await using registry = await startRegistry((handler) => async (request) => {
    if (request.url.includes(last?.digest ?? '')) {
      stalled.resolve()
      await goOn.promise
    }
    return await handler(request)
  })
  const name = await registry.push('app', '1', image)
  const { opener: store } = testStore('file', directory.path, { now: () => Date.now() + 3 * DEFAULT_LEASE_MS })
  await using runtime = await openTestRuntime(directory.path, { store })
  const { content } = await runtime.openStore()
  const child = startChild(directory.path, 'platform', name, 'linux/amd64')
  await stalled.promise
  while (first !== undefined && !(await content.has(first))) await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill('SIGSTOP')
  await pruneImages(runtime, { all: true })
  child.kill('SIGCONT')
  goOn.resolve()
  await once(child, 'close')
  expect((await pullImage(runtime, name)).upToDate).toBe(true)
  expect(await findFaults(await runtime.openStore())).toEqual([])
  expect(await lockFiles(directory.path)).toHaveLength(1)
  await runtime[Symbol.asyncDispose]()
  expect(await lockFiles(directory.path)).toEqual([])
})

test('lives that begin at once have a file each, which goes with them', async () => {
  await using directory = await tempDir()
  const lives = Array.from({ length: 8 }, () => openFileLives(directory.path))
  const ids = await Promise.all(lives.flatMap((life) => [life.begin(), life.begin()]))
  expect(new Set(ids).size).toBe(8)
  const [one, other] = lives
  if (one === undefined || other === undefined) throw new Error('no lives')
  expect(await one.ended([...ids, '../version', digestOf('none')])).toEqual(['../version', digestOf('none')])
  const ended = await other.begin()
  await other[Symbol.asyncDispose]()
  expect(await one.ended([...ids])).toEqual([ended, ended])
  for (const life of lives) await life[Symbol.asyncDispose]()
  expect(await readdir(directory.path)).toEqual([])
})
