import { copyFile, mkdir, readdir, rename, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { collect } from '@drayage/bytes'
import { writeBlob } from '@drayage/content'
import { digestHex, digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { harmFile, randomBytes, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { createFsStore, type FsStore } from './fs-store.ts'

let directory: TempDir
let store: FsStore

beforeEach(async () => {
  directory = await tempDir()
  store = createFsStore({ directory: directory.path })
})
afterEach(async () => {
  await directory[Symbol.asyncDispose]()
})

async function stored(size: number, seed = 'blob'): Promise<{ what: Descriptor; path: string; bytes: Uint8Array }> {
  const bytes = randomBytes(seed, size)
  const what = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size }
  await writeBlob(store, what, bytes)
  return { what, path: store.blobPath(what.digest), bytes }
}

/** Changes one bit as a disk does: nothing says that the file was written to. */
const flip = (path: string, at: number): Promise<void> => harmFile(path, 'flipped', at * 8)

const setAside = async (): Promise<string[]> => readdir(join(directory.path, 'damaged')).catch(() => [])

test.each([0, 1, 4096, 8192, 8193, 300_000])('a blob of %i bytes is sealed by its commit', async (size) => {
  const { what, path } = await stored(size)
  const { mtimeMs } = await stat(path)
  expect([mtimeMs % 1000, mtimeMs > 0, mtimeMs < Date.UTC(2005)]).toEqual([0, true, true])
  expect([await store.verify(what), await store.suspects([what])]).toEqual(['intact', []])
  expect((await stat(path)).mtimeMs).toBe(mtimeMs)
})

test.each([
  [5000, 0],
  [5000, 2500],
  [300_000, 0],
  [300_000, 4095],
  [300_000, 299_999],
  [300_000, 295_904],
])('verify() notices a bit of a blob of %i bytes at %i that no time tells of', async (size, at) => {
  const { what, path } = await stored(size)
  await flip(path, at)
  expect(await store.suspects([what])).toEqual([])
  expect(await store.verify(what)).toBe('corrupt')
  expect(await store.suspects([what])).toEqual([what])
})

test('verify() notices a bit in the middle once it was read, or when its time tells of a write', async () => {
  const { what, path } = await stored(300_000)
  await flip(path, 150_000)
  expect(await store.verify(what)).toBe('intact')
  await expect(collect(store.fetch(what), { maxBytes: 300_000 })).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
  expect([await store.verify(what), await store.suspects([what])]).toEqual(['corrupt', [what]])
  const other = await stored(300_000, 'other')
  await flip(other.path, 150_000)
  await utimes(other.path, new Date(), new Date())
  expect([await store.suspects([other.what]), await store.verify(other.what)]).toEqual([[other.what], 'corrupt'])
})

test('verify() notices what is lost, cut, emptied or no file', async () => {
  for (const [seed, harm, found] of [
    ['lost', (path: string) => rm(path), 'missing'],
    ['cut', (path: string) => truncate(path, 4999), 'corrupt'],
    ['emptied', (path: string) => truncate(path, 0), 'corrupt'],
    ['directory', (path: string) => rm(path).then(() => mkdir(path)), 'corrupt'],
    ['link', (path: string) => rename(path, `${path}.x`).then(() => symlink(`${path}.x`, path)), 'corrupt'],
  ] as const) {
    const { what, path, bytes } = await stored(5000, seed)
    await harm(path)
    expect([seed, await store.verify(what), await store.suspects([what])]).toEqual([seed, found, [what]])
    expect(await store.setAside(what.digest)).toBe(found === 'corrupt')
    expect(await store.has(what)).toBe(false)
    expect(await writeBlob(store, what, bytes)).toBe('committed')
    expect(await store.verify(what)).toBe('intact')
  }
})

test('a file that lost its seal is read once, and sealed again', async () => {
  const { what, path } = await stored(300_000)
  const { mtimeMs } = await stat(path)
  await copyFile(path, `${path}.copy`)
  await rename(`${path}.copy`, path)
  expect(await store.suspects([what])).toEqual([what])
  expect([await store.verify(what), (await stat(path)).mtimeMs]).toEqual(['intact', mtimeMs])
  expect(await store.suspects([what])).toEqual([])
})

test('setAside() leaves what is intact, whatever is said of it, and keeps a bounded number', async () => {
  const { what, path } = await stored(5000)
  expect(await store.verify({ ...what, size: 4 })).toBe('corrupt')
  expect([await store.setAside(what.digest), await store.verify(what), await setAside()]).toEqual([false, 'intact', []])
  await flip(path, 1)
  expect([await store.setAside(what.digest), await store.verify(what)]).toEqual([true, 'missing'])
  expect(await setAside()).toEqual([`sha256-${digestHex(what.digest)}`])
  expect(await store.setAside(what.digest)).toBe(false)
  for (let at = 0; at < 70; at++) {
    const each = await stored(10, `${at}`)
    await writeFile(each.path, 'x')
    expect(await store.setAside(each.what.digest)).toBe(true)
  }
  expect(await setAside()).toHaveLength(64)
  await store.sweepIngests({ olderThanMs: 60_000 })
  expect(await setAside()).toHaveLength(64)
  await store.sweepIngests({ olderThanMs: 0 })
  expect(await setAside()).toEqual([])
})
