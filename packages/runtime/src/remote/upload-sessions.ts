import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import { digestHex, digestOf } from '@drayage/digest'
import { tryLockFile } from '@drayage/file-lock'
import type { UploadSessions } from '@drayage/registry'

/** The most bytes of a kept session that are read. */
const MAX_SESSION_BYTES = 16 * 1024

/** Where a store keeps the sessions of unfinished uploads. */
export function uploadsDirectory(storeDirectory: string): string {
  return path.join(storeDirectory, 'uploads')
}

/**
 * Keeps the sessions of unfinished uploads as small files, readable by their owner only, so that a push goes on where one
 * stopped whose process was killed.
 */
export function createFileSessions(directory: string): UploadSessions {
  const fileOf = (key: string): string => path.join(directory, digestHex(digestOf(key)))
  return {
    async claim(key, options = {}) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      return await tryLockFile(`${fileOf(key)}.lock`, options)
    },
    async load(key, { signal } = {}) {
      signal?.throwIfAborted()
      const kept = await readFile(fileOf(key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      return kept === undefined || kept.byteLength > MAX_SESSION_BYTES ? undefined : kept.toString()
    },
    async save(key, session) {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const written = `${fileOf(key)}.${randomUUID()}`
      await writeFile(written, session, { mode: 0o600 })
      await rename(written, fileOf(key))
    },
    async forget(key) {
      await rm(fileOf(key), { force: true })
    },
  }
}

/** Removes the sessions that nobody went on with for so long; a registry has forgotten them before. */
export async function sweepFileSessions(
  directory: string,
  options: AbortOptions & { readonly olderThanMs: number },
): Promise<void> {
  const { olderThanMs, signal } = options
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const name of names) {
    signal?.throwIfAborted()
    const file = path.join(directory, name)
    // Another process may be done with it by now.
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }))
    if (Date.now() - mtimeMs >= olderThanMs) await rm(file, { force: true })
  }
}
