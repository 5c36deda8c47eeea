import { collect } from '@drayage/bytes'
import { writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { harmFile, randomBytes, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createFsStore } from './fs-store.ts'

test('fetch() gives no part of a blob that is not whole when that is to be verified before', async () => {
  await using directory = await tempDir()
  const store = createFsStore({ directory: directory.path })
  const bytes = randomBytes('blob', 300_000)
  const what = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength }
  await writeBlob(store, what, bytes)
  const part = (offset: number): Promise<Uint8Array> =>
    collect(store.fetch(what, { offset, verify: 'before' }), { maxBytes: 300_000 })
  expect(await part(0)).toEqual(bytes)
  expect(await Promise.all([part(100_000), part(299_999)])).toEqual([bytes.slice(100_000), bytes.slice(299_999)])
  await harmFile(store.blobPath(what.digest), 'flipped', 150_000 * 8)
  for (const offset of [0, 100_000, 299_999]) {
    await expect(part(offset)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
  }
  expect(await store.verify(what)).toBe('corrupt')
})
