import { type ByteStream, fromBytes } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { expect, test } from 'vitest'

import type { Fetcher } from './ports.ts'
import { DEFAULT_MAX_BLOB_BYTES, readBlob } from './read-blob.ts'

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
