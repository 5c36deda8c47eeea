import { renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import type { Taker } from '@drayage/content'
import { disk, writeFailure } from '@drayage/files'

import { storeFailure } from './errors.ts'
import { blobFile, type Layout } from './layout.ts'
import { look } from './suspect-blobs.ts'

/** Bytes up to which a file is removed at once; what is larger can take long, and goes by way of the trash. */
const SMALL_BYTES = 1024 * 1024

/** Takes blobs away within a transaction; see `Taker`. */
export function createTaker(layout: Layout): Taker {
  const taken = new Set<string>()
  const putAway = (path: string): boolean => {
    const trash = join(layout.trash, `${basename(path)}.${crypto.randomUUID()}`)
    try {
      renameSync(path, trash)
    } catch {
      return false
    }
    taken.add(trash)
    return true
  }
  return {
    take(digest) {
      const path = blobFile(layout, digest)
      try {
        const found = look(path)
        if (found === undefined) return undefined
        const isSmall = found.isFile() && found.size <= SMALL_BYTES
        // A full disk may have no room for a name in the trash.
        if (isSmall || !putAway(path)) rmSync(path, { recursive: true, force: true })
        return found.isFile() ? found.size : 0
      } catch (error) {
        throw storeFailure(writeFailure(error, path), path)
      }
    },
    async freeTaken({ signal }: AbortOptions = {}) {
      for (const trash of taken) {
        signal?.throwIfAborted()
        taken.delete(trash)
        await disk.rm(trash, { recursive: true, force: true })
      }
    },
  }
}
