import { open, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { fromBytes } from '@drayage/bytes'
import { readBlob, type Ingest } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { randomBytes } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { openFsStore } from './fs-store.ts'
import { createContentHash, createKeptHashes } from './kept-hashes.ts'
import { temporaryDirectory } from './test/temporary-directory.ts'

const part = 400_000
const bytes: Uint8Array = randomBytes('kept', 4 * part)
const what = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength }

/** Two stores over one directory, as two processes have them, and how much they read to hash it. */
async function twoStores() {
  const directory = await temporaryDirectory()
  const rereads: number[] = []
  const open = () => openFsStore({ directory }, { onReread: (count) => void rereads.push(count) })
  return { data: join(directory, 'ingest', 'key', 'data'), rereads, store: open(), other: open() }
}

async function appendNext(ingest: Ingest, count = part): Promise<void> {
  await ingest.append(fromBytes(bytes.subarray(ingest.offset, ingest.offset + count)))
}

test('an ingest that continues in the same process reads nothing of what is stored', async () => {
  const { store, rereads } = await twoStores()
  for (let offset = 0; offset < what.size; offset += part) {
    await using ingest = await store.begin('key')
    expect(ingest.offset).toBe(offset)
    await appendNext(ingest)
    // Only looks.
    await ingest[Symbol.asyncDispose]()
    await using _ = await store.begin('key')
  }
  await using ingest = await store.begin('key')
  expect(await ingest.commit(what)).toBe('committed')
  expect(rereads).toEqual([])
  expect(await readBlob(store, what)).toEqual(bytes)
})

test('an ingest that another process continued, or that was changed, is read again', async () => {
  const { store, other, rereads, data } = await twoStores()
  for (const each of [store, other, store]) {
    await using ingest = await each.begin('key')
    await appendNext(ingest)
  }
  expect(rereads).toEqual([part, 2 * part])
  const before = await readFile(data)
  await writeFile(data, before.fill(0, 9, 10))
  await utimes(data, new Date(), new Date())
  await using ingest = await store.begin('key')
  await appendNext(ingest)
  await expect(ingest.commit(what)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
  expect(rereads).toEqual([part, 2 * part, 3 * part])
})

test('an ingest that another process restarted is read again', async () => {
  const { store, other, rereads } = await twoStores()
  for (const each of [store, other]) {
    await using ingest = await each.begin('key')
    await ingest.reset()
    await ingest.append(fromBytes(each === store ? randomBytes('else', part) : bytes.subarray(0, part)))
  }
  await using ingest = await store.begin('key')
  await appendNext(ingest, 3 * part)
  expect(await ingest.commit(what)).toBe('committed')
  expect(rereads).toEqual([part])
})

test('createKeptHashes() keeps the newest', async () => {
  const path = join(await temporaryDirectory(), 'file')
  await writeFile(path, 'bytes')
  await using handle = await open(path)
  const kept = createKeptHashes(2)
  for (const key of ['a', 'b', 'c']) await kept.keep(key, handle, createContentHash('sha256'))
  const found = await Promise.all(['a', 'b', 'c'].map((key) => kept.take(key, handle)))
  expect(found.map((hash) => hash?.bytes)).toEqual([undefined, 0, 0])
  expect(await kept.take('c', handle)).toBeUndefined()
})
