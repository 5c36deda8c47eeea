import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { digestOf } from '@drayage/digest'
import { readBlob } from '@drayage/content'
import { expect, test } from 'vitest'

import type { CommitStep } from './fs-ingest.ts'
import { createFsStore } from './fs-store.ts'
import { copy } from './test/copy.ts'
import { spawnChild } from './test/spawn-child.ts'
import { temporaryDirectory } from './test/temporary-directory.ts'

const size = 4_000_000
const bytes: Uint8Array = new Uint8Array(size).fill(7)
const what = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size }

test('of two processes that copy the same content, one downloads and the other waits', async () => {
  const directory = await temporaryDirectory()
  const children = [spawnChild(directory, 'slow', size), spawnChild(directory, 'slow', size)]
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0])
  expect(children.flatMap(({ lines }) => lines).toSorted()).toEqual(['already-present', 'committed', 'fetch-from-0'])
  expect(await readdir(join(directory, 'ingest'))).toEqual([])
})

test('processes that begin and end ingests of the same keys download each content once', async () => {
  const directory = await temporaryDirectory()
  const children = Array.from({ length: 4 }, () => spawnChild(directory, 'many', 50))
  expect(await Promise.all(children.map(({ ended }) => ended))).toEqual([0, 0, 0, 0])
  const expected = Array.from({ length: 50 }, (_, index) => `fetch-${index + 1}`)
  expect(children.flatMap(({ lines }) => lines).toSorted()).toEqual(expected.toSorted())
  expect(await readdir(join(directory, 'ingest'))).toEqual([])
})

test('when the holder is killed, the next one continues where it stopped', async () => {
  const directory = await temporaryDirectory()
  const holder = spawnChild(directory, 'copy', size, 'silent')
  await holder.printed('fetch-from-0')
  const path = join(directory, 'ingest', what.digest.replace(':', '.'), 'data')
  while (
    await stat(path).then(
      ({ size: soFar }) => soFar < 2_000_000 - 1_048_576,
      () => true,
    )
  ) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const waiter = spawnChild(directory, 'copy', size)
  const store = createFsStore({ directory })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(waiter.lines).toEqual([])
  await holder.kill()
  expect(await waiter.ended).toBe(0)
  expect(waiter.lines[0]).toMatch(/^fetch-from-[1-9]/)
  expect(waiter.lines[1]).toBe('committed')
  expect(await readBlob(store, what)).toEqual(bytes)
})

test('begin() waits for a holder in another process and can be aborted', async () => {
  const directory = await temporaryDirectory()
  const store = createFsStore({ directory })
  const holder = spawnChild(directory, 'hold', size)
  await holder.printed('held')
  const controller = new AbortController()
  const reason = new Error('enough')
  const waiting = store.begin(what.digest, { signal: controller.signal })
  setTimeout(() => controller.abort(reason), 100)
  await expect(waiting).rejects.toBe(reason)
  expect(await store.sweepIngests({ olderThanMs: 0 })).toEqual({ ingests: 0, bytes: 0 })
  await holder.kill()
  await using ingest = await store.begin(what.digest)
  expect(ingest.offset).toBe(0)
})

const steps: readonly CommitStep[] = ['verified', 'sealed', 'renamed', 'directory-synced', 'ingest-removed']

test.each(steps)('a process killed when its commit is "%s" leaves a store that works', async (step) => {
  const directory = await temporaryDirectory()
  const child = spawnChild(directory, 'copy', size, step)
  expect(await child.ended).toBe('SIGKILL')
  const store = createFsStore({ directory })
  const isCommitted = step !== 'verified' && step !== 'sealed'
  expect(await store.has(what)).toBe(isCommitted)
  const source = { fetch: () => expect.unreachable('everything was stored before') }
  expect(await copy(source, store, what)).toBe(isCommitted ? 'already-present' : 'committed')
  expect(await readBlob(store, what)).toEqual(bytes)
  await store.sweepIngests({ olderThanMs: 0 })
  expect(await readdir(join(directory, 'ingest'))).toEqual([])
})
