import { type ByteStream, fromBytes } from '@drayage/bytes'
import { digestOf, verify } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { expect, test } from 'vitest'

import type { Fetcher } from '../ports.ts'
import { createMemoryStore } from '../stores/memory-store.ts'
import { DEFAULT_MAX_BLOB_BYTES, readBlob, verifyBlob, writeBlob } from './blobs.ts'

const bytes: Uint8Array = new TextEncoder().encode('hello')
const what: Descriptor = { mediaType: 'text/plain', digest: digestOf(bytes), size: 5 }
const giving = (...chunks: (Uint8Array | string)[]): Fetcher => ({ fetch: () => fromBytes(...chunks) })
const untouched: Fetcher = { fetch: () => expect.unreachable('nothing is fetched') }

test('readBlob() verifies what a source gives', async () => {
  expect(await readBlob(giving('he', 'llo'), what)).toEqual(bytes)
  await expect(readBlob(giving('hell'), what)).rejects.toMatchObject({ code: 'ERR_CONTENT_SHORT' })
  await expect(readBlob(giving('hello!'), what)).rejects.toMatchObject({ code: 'ERR_CONTENT_LONG' })
  await expect(readBlob(giving('hellO'), what)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
})

test('readBlob() fetches nothing that is larger than maxBytes, 4 MiB by default', async () => {
  expect(DEFAULT_MAX_BLOB_BYTES).toBe(4_194_304)
  const large = { ...what, size: DEFAULT_MAX_BLOB_BYTES + 1 }
  await expect(readBlob(untouched, large)).rejects.toMatchObject({ code: 'ERR_BYTE_LIMIT', maxBytes: 4_194_304 })
  await expect(readBlob(untouched, what, { maxBytes: 4 })).rejects.toMatchObject({ code: 'ERR_BYTE_LIMIT' })
  expect(await readBlob(giving(bytes), what, { maxBytes: 5 })).toEqual(bytes)
})

test('readBlob() takes inline content that verifies and fetches when it does not', async () => {
  expect(await readBlob(untouched, { ...what, data: btoa('hello') })).toEqual(bytes)
  for (const data of [btoa('hellO'), btoa('hell'), '!!!!!!!!', '', 'A'.repeat(1_000_000)]) {
    expect(await readBlob(giving(bytes), { ...what, data })).toEqual(bytes)
  }
})

test('readBlob() closes a source that gives too much', async () => {
  let isClosed = false
  async function* endless(): ByteStream {
    try {
      for (;;) yield bytes
    } finally {
      isClosed = true
    }
  }
  await expect(readBlob({ fetch: endless }, what)).rejects.toMatchObject({ code: 'ERR_CONTENT_LONG' })
  expect(isClosed).toBe(true)
})

test('readBlob() rejects with the reason of its signal', async () => {
  const reason = new Error('enough')
  await expect(readBlob(untouched, what, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

test('writeBlob() replaces bytes of an earlier ingest', async () => {
  const store = createMemoryStore()
  {
    await using ingest = await store.begin(what.digest)
    await ingest.append(fromBytes('xyz'))
  }
  expect(await writeBlob(store, what, bytes)).toBe('committed')
  expect(await writeBlob(store, what, bytes)).toBe('already-present')
  expect(await readBlob(store, what)).toEqual(bytes)
})

test('writeBlob() writes nothing that is not what it says', async () => {
  const sink = { begin: () => expect.unreachable('nothing is begun') }
  await expect(writeBlob(sink, { ...what, size: 6 }, bytes)).rejects.toMatchObject({ code: 'ERR_CONTENT_SHORT' })
  await expect(writeBlob(sink, { ...what, size: 4 }, bytes)).rejects.toMatchObject({ code: 'ERR_CONTENT_LONG' })
  await expect(writeBlob(sink, { ...what, digest: digestOf('') }, bytes)).rejects.toMatchObject({
    code: 'ERR_DIGEST_MISMATCH',
  })
})

test('verifyBlob() tells intact, corrupt and missing content, and passes other failures on', async () => {
  const store = createMemoryStore()
  expect(await verifyBlob(store, what)).toBe('missing')
  await writeBlob(store, what, bytes)
  expect(await verifyBlob(store, what)).toBe('intact')
  for (const found of ['hell', 'hello!', 'hellO']) {
    expect(await verifyBlob({ fetch: () => verify(fromBytes(found), what) }, what)).toBe('corrupt')
  }
  const broken = async function* (): ByteStream {
    yield bytes
    throw new Error('broken')
  }
  await expect(verifyBlob({ fetch: broken }, what)).rejects.toThrow('broken')
})
