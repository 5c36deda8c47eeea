import process from 'node:process'

import type { AbortOptions } from '@drayage/bytes'
import { type FsStore, StoreFullError } from '@drayage/content-fs'
import { formatSize } from '@drayage/distribution'
import { disk } from '@drayage/files'
import { type Descriptor, isLayerType } from '@drayage/manifest'

/** What the index of a layer takes: few bytes for each file, which it has one of for some kilobytes. */
const INDEX_SHARE = 1 / 64

/** What a file takes besides its bytes, and the records of an image. */
const FILE_BYTES = 8192
const RECORD_BYTES = 256 * 1024

/** How many files there are for each part meanwhile: of its ingest, its lock, its bytes and its index. */
const FILES = 4

/** The directories of a store that is new, and what the database needs beside it. */
const OTHER_FILES = 8

/**
 * Checks that a store has room for what is not there yet of some content, and for what is recorded of it. A file system that
 * does not tell its size has room.
 *
 * @throws StoreFullError `ERR_STORE_FULL`
 */
export async function assertRoom(
  directory: string,
  content: FsStore,
  wanted: readonly Descriptor[],
  options: AbortOptions,
): Promise<void> {
  const { bavail, bfree, bsize, blocks, ffree, files } = await disk.statfs(directory)
  const free = (process.geteuid?.() === 0 ? bfree : bavail) * bsize
  const indexes = wanted.reduce(
    (sum, { mediaType, size }) => sum + (isLayerType(mediaType) ? size * INDEX_SHARE : 0),
    0,
  )
  const beside = indexes + wanted.length * FILE_BYTES + RECORD_BYTES
  const total = wanted.reduce((sum, { size }) => sum + size, beside)
  const fits = blocks === 0 || total <= free
  const needed = wanted.length * FILES + OTHER_FILES
  const mayMake = files === 0 || ffree >= needed
  if (fits && mayMake) return
  const missing = await content.missingBytes(wanted, options)
  if (missing === 0 || (mayMake && missing + beside <= free)) return
  throw new StoreFullError(directory, {
    reason: mayMake
      ? `${formatSize(missing + beside)} are needed for the image, and ${formatSize(free)} are free`
      : `${needed} files are needed for the image, and ${ffree} inodes are free`,
    hint: 'Free some space, such as with "dray prune".',
  })
}
