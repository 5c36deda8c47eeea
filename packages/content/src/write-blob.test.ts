import { fromBytes } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { createMemoryStore } from './memory-store.ts'
import { readBlob } from './read-blob.ts'
import { writeBlob } from './write-blob.ts'

const bytes: Uint8Array = new TextEncoder().encode('hello')
const what = { mediaType: 'text/plain', digest: digestOf(bytes), size: 5 }

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
