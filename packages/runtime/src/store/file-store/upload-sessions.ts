import { randomUUID } from 'node:crypto'
import path from 'node:path'

import { digestHex, digestOf } from '@drayage/digest'
import { disk, isFileError, tryLockFile, unlessMissing } from '@drayage/files'
import type { UploadSessionStore } from '@drayage/registry'

/** The most bytes of a kept session that are read. */
const MAX_SESSION_BYTES = 16 * 1024

/**
 * Keeps the sessions of unfinished uploads as small files, readable by their owner only, so that a push resumes an upload
 * whose process was killed.
 */
export function createFileSessions(directory: string): UploadSessionStore {
  const fileOf = (key: string): string => path.join(directory, digestHex(digestOf(key)))
  return {
    async claim(key, options = {}) {
      try {
        await disk.mkdir(directory, { recursive: true, mode: 0o700 })
        return await tryLockFile(`${fileOf(key)}.lock`, options)
      } catch (error) {
        // An upload goes without a session that outlives it where none can be kept: in a store that can only be read.
        if (isFileError(error)) return undefined
        throw error
      }
    },
    async load(key, { signal } = {}) {
      signal?.throwIfAborted()
      const kept = await unlessMissing(disk.readFile(fileOf(key)))
      return kept === undefined || kept.byteLength > MAX_SESSION_BYTES ? undefined : kept.toString()
    },
    async save(key, session) {
      await disk.mkdir(directory, { recursive: true, mode: 0o700 })
      const written = `${fileOf(key)}.${randomUUID()}`
      await disk.writeFile(written, session, { mode: 0o600 })
      await disk.rename(written, fileOf(key))
    },
    async forget(key) {
      await disk.rm(fileOf(key), { force: true })
    },
  }
}
