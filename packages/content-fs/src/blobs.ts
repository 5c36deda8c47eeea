import { constants } from 'node:fs'
import { type FileHandle, lstat, open, opendir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { type AbortOptions, abortable, type ByteStream } from '@drayage/bytes'
import { ContentNotFoundError, type RangeOptions, sizedFrom } from '@drayage/content'
import { type Digest, digestAlgorithm, digestOfStream, isDigest, verify } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { fileBytes } from './file-bytes.ts'
import { blobFile, type Layout } from './layout.ts'
import { isMissing, storeFailure } from './store-failure.ts'

/** What a check of a blob finds. */
export type BlobState = 'intact' | 'corrupt' | 'missing'

/** Whether a file of the right size has the name of `what`. */
export async function hasBlob(layout: Layout, what: Descriptor): Promise<boolean> {
  return (await sizeOf(blobFile(layout, what.digest))) === what.size
}

/** The bytes of a blob; see `Fetcher`. */
export async function* fetchBlob(layout: Layout, what: Descriptor, options: RangeOptions): ByteStream {
  const { offset = 0, signal } = options
  const handle = await openBlob(blobFile(layout, what.digest))
  if (handle === undefined) throw new ContentNotFoundError(what.digest)
  try {
    const bytes = abortable(fileBytes(handle, { start: offset, signal }), { signal })
    yield* offset === 0 && options.verify !== false ? verify(bytes, what) : sizedFrom(bytes, what.size, offset)
  } finally {
    await handle.close()
  }
}

/** Reads a blob and tells whether it still is what its digest says. */
export async function verifyBlob(layout: Layout, digest: Digest, options: AbortOptions): Promise<BlobState> {
  const handle = await openBlob(blobFile(layout, digest))
  if (handle === undefined) return 'missing'
  try {
    const found = await digestOfStream(fileBytes(handle, { start: 0, ...options }), digestAlgorithm(digest))
    return found.digest === digest ? 'intact' : 'corrupt'
  } finally {
    await handle.close()
  }
}

/** Removes whatever has the name of a blob, by way of the trash. Resolves to whether there was something. */
export async function deleteBlob(layout: Layout, digest: Digest): Promise<boolean> {
  const path = blobFile(layout, digest)
  const trash = join(layout.trash, `${basename(path)}.${crypto.randomUUID()}`)
  try {
    await rename(path, trash)
    await rm(trash, { recursive: true, force: true })
  } catch (error) {
    if (isMissing(error)) return false
    throw storeFailure(error, path)
  }
  return true
}

/** Every blob with its size. */
export async function* listBlobs(
  layout: Layout,
  options: AbortOptions,
): AsyncGenerator<{ readonly digest: Digest; readonly size: number }, void, void> {
  for (const directory of layout.blobDirectories) {
    for await (const { name } of await opendir(directory)) {
      options.signal?.throwIfAborted()
      const digest = `${basename(directory)}:${name}`
      const size = isDigest(digest) ? await sizeOf(join(directory, name)) : undefined
      if (isDigest(digest) && size !== undefined) yield { digest, size }
    }
  }
}

/** The size of a regular file; `undefined` when there is none. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await lstat(path)
    return found.isFile() ? found.size : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Opens a regular file for reading; what else has its name is as if nothing had. */
async function openBlob(path: string): Promise<FileHandle | undefined> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK the opening of a pipe would wait for a writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  return undefined
}
