import type { FileHandle } from 'node:fs/promises'

import { type AbortOptions, createLruMap } from '@drayage/bytes'
import { createKeyedLock } from '@drayage/content'
import { verify } from '@drayage/digest'
import { fileBytes } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { stateOf } from './kept-hashes.ts'

/** The most blobs that are known to be whole. */
const MAX_CHECKED = 4096

/** Reads blobs whole of which parts are given away, and knows those that it has read. */
export interface CheckedBlobs {
  /**
   * Resolves once the file is known to be what its name says; a file that was touched since is read again.
   *
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
   */
  check(handle: FileHandle, what: Descriptor, options: AbortOptions): Promise<void>
}

/** Knows no blob yet. */
export function createCheckedBlobs(): CheckedBlobs {
  const states = createLruMap<string, string>({ maxEntries: MAX_CHECKED })
  const lock = createKeyedLock()
  return {
    async check(handle, what, options) {
      const release = await lock.acquire(what.digest, options)
      try {
        const state = await stateOf(handle)
        if (states.get(what.digest) === state) return
        for await (const _ of verify(fileBytes(handle, options), what));
        states.set(what.digest, state)
      } finally {
        release()
      }
    },
  }
}
