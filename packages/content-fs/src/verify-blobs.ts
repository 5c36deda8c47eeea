import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { BlobState } from '@drayage/content'
import { type Digest, digestAlgorithm, digestOfStream } from '@drayage/digest'
import { disk, fileBytes, isUnreadable, openRegularFile, type RegularFile, unlessMissing } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { storeFailure } from './errors.ts'
import { blobFile, type Layout, setAsideFile } from './layout.ts'
import { ensurePart } from './prepare-directory.ts'
import { breakSeal, hasThisSeal, sealOf, writeSeal } from './seal.ts'

/** How many damaged blobs are kept. */
const MOST_SET_ASIDE = 64

/** What has become of a blob; see `Verifier`. What cannot be read back has to come again. */
export async function verifyBlobFile(layout: Layout, what: Descriptor, options: AbortOptions): Promise<BlobState> {
  const path = blobFile(layout, what.digest)
  try {
    const file = await openRegularFile(path)
    if (file === undefined) return (await unlessMissing(disk.lstat(path))) === undefined ? 'missing' : 'corrupt'
    try {
      return await verifyOpen(file, what, options)
    } finally {
      await file.handle.close()
    }
  } catch (error) {
    if (isUnreadable(error)) return 'corrupt'
    throw storeFailure(error, path)
  }
}

async function verifyOpen({ handle, size }: RegularFile, what: Descriptor, options: AbortOptions): Promise<BlobState> {
  if (size !== what.size) return 'corrupt'
  const seal = await sealOf(handle, what)
  if (hasThisSeal(await handle.stat(), seal)) return 'intact'
  if ((await digestOf(handle, what.digest, options)) !== what.digest) {
    // Lists, which look at nothing but times, are to tell of it too.
    await breakSeal(handle)
    return 'corrupt'
  }
  await writeSeal(handle, seal)
  return 'intact'
}

/** Moves a blob that is not what its name says to where it does not count; see `Verifier`. */
export async function setAsideBlob(layout: Layout, digest: Digest, options: AbortOptions): Promise<boolean> {
  const path = blobFile(layout, digest)
  const to = setAsideFile(layout, digest)
  const read = await readFileOf(path, digest, options)
  if (read === 'intact') return false
  try {
    await ensurePart(layout.setAside)
    const isMoved = await unlessMissing(disk.rename(path, to).then(() => true))
    if (isMoved !== true) return false
    // What was read may have been replaced by what somebody else brought.
    if (read !== undefined && (await disk.lstat(to)).ino !== read) {
      await disk.rename(to, path)
      return false
    }
    await trim(layout)
    return true
  } catch (error) {
    throw storeFailure(error, path)
  }
}

/** Reads the file of a blob whole: `intact`, or which file it is that is not; `undefined` for what cannot be opened as one. */
async function readFileOf(path: string, digest: Digest, options: AbortOptions): Promise<'intact' | number | undefined> {
  const file = await openRegularFile(path).catch((error: unknown) => {
    if (!isUnreadable(error)) throw storeFailure(error, path)
  })
  if (file === undefined) return undefined
  try {
    const { ino } = await file.handle.stat()
    return (await isWhole(file, digest, options)) ? 'intact' : ino
  } catch (error) {
    throw storeFailure(error, path)
  } finally {
    await file.handle.close()
  }
}

async function isWhole({ handle, size }: RegularFile, digest: Digest, options: AbortOptions): Promise<boolean> {
  try {
    if ((await digestOf(handle, digest, options)) !== digest) return false
    await writeSeal(handle, await sealOf(handle, { digest, size }))
    return true
  } catch (error) {
    if (isUnreadable(error)) return false
    throw error
  }
}

async function digestOf(handle: FileHandle, expected: Digest, options: AbortOptions): Promise<Digest> {
  return (await digestOfStream(fileBytes(handle, options), digestAlgorithm(expected))).digest
}

/** Removes the oldest of too many. */
async function trim({ setAside }: Layout): Promise<void> {
  const names = await disk.readdir(setAside)
  if (names.length <= MOST_SET_ASIDE) return
  const aged: { readonly path: string; readonly atMs: number }[] = []
  for (const name of names) {
    const path = join(setAside, name)
    const found = await unlessMissing(disk.lstat(path))
    if (found !== undefined) aged.push({ path, atMs: found.ctimeMs })
  }
  const oldest = aged.toSorted((a, b) => a.atMs - b.atMs).slice(0, -MOST_SET_ASIDE)
  for (const { path } of oldest) await disk.rm(path, { recursive: true, force: true })
}
