import { basename, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { type AbortOptions, abortable, type ByteStream } from '@drayage/bytes'
import { ContentNotFoundError, type RangeOptions, sizedFrom } from '@drayage/content'
import { type Digest, isDigest, isDigestError, verify } from '@drayage/digest'
import { disk, fileBytes, FileWriteError, isUnreadable, openRegularFile, unlessMissing } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import type { CheckedBlobs } from './checked-blobs.ts'
import { storeFailure } from './errors.ts'
import { blobFile, type Layout } from './layout.ts'
import { breakSeal } from './seal.ts'
import { look } from './suspect-blobs.ts'

/** Whether a file of the right size has the name of `what`. */
export async function hasBlob(layout: Layout, what: Descriptor): Promise<boolean> {
  return (await sizeOf(blobFile(layout, what.digest))) === what.size
}

/** The bytes of a blob; see `Fetcher`. */
export async function* readBlobFile(
  { layout, checked }: { readonly layout: Layout; readonly checked: CheckedBlobs },
  what: Descriptor,
  options: RangeOptions,
): ByteStream {
  const { offset = 0, verify: when = true, signal } = options
  const file = await openRegularFile(blobFile(layout, what.digest))
  if (file === undefined) throw new ContentNotFoundError(what.digest)
  // No `await using`: the tests run this file in child processes, and the oldest supported Node cannot read that.
  try {
    if (when === 'before') await checked.check(file.handle, what, options)
    const bytes = abortable(fileBytes(file.handle, { start: offset, signal }), { signal })
    yield* offset === 0 && when === true ? verify(bytes, what) : sizedFrom(bytes, what.size, offset)
  } catch (error) {
    // So that what brings it again notices that it has to.
    if (isUnreadable(error) || (isDigestError(error) && error.code === 'ERR_DIGEST_MISMATCH'))
      await breakSeal(file.handle)
    throw error
  } finally {
    await file.handle.close()
  }
}

/** Removes whatever has the name of a blob, by way of the trash. Resolves to whether there was something. */
export async function deleteBlob(layout: Layout, digest: Digest): Promise<boolean> {
  const path = blobFile(layout, digest)
  const trash = join(layout.trash, `${basename(path)}.${crypto.randomUUID()}`)
  try {
    const moved = await unlessMissing(disk.rename(path, trash).then(() => trash)).catch((error: unknown) => {
      // The trash may need a block for one more name.
      if (error instanceof FileWriteError && error.fault === 'full') return path
      throw error
    })
    if (moved !== undefined) await disk.rm(moved, { recursive: true, force: true })
    return moved !== undefined
  } catch (error) {
    throw storeFailure(error, path)
  }
}

const LISTED_AT_ONCE = 500

/** Every blob with its size. */
export async function* listBlobs(
  layout: Layout,
  options: AbortOptions,
): AsyncGenerator<{ readonly digest: Digest; readonly size: number }, void, void> {
  for (const directory of layout.blobDirectories) {
    for (const [at, name] of (await disk.readdir(directory)).entries()) {
      // One at a time costs several times what the system does for it.
      if (at % LISTED_AT_ONCE === 0) await nextTurn()
      options.signal?.throwIfAborted()
      const digest = `${basename(directory)}:${name}`
      const size = isDigest(digest) ? sizeOfSync(join(directory, name)) : undefined
      if (isDigest(digest) && size !== undefined) yield { digest, size }
    }
  }
}

/** The size of a regular file; `undefined` for anything else, and where the disk cannot tell. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await unlessMissing(disk.lstat(path)).catch((error: unknown) => {
    if (!isUnreadable(error)) throw error
  })
  return found?.isFile() === true ? found.size : undefined
}

function sizeOfSync(path: string): number | undefined {
  const found = look(path)
  return found?.isFile() === true ? found.size : undefined
}
