import { randomUUID } from 'node:crypto'
import path from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import { disk, lockFile, tryLockFile, unlessMissing, type FileLock } from '@drayage/files'
import type { HolderLife } from '@drayage/image-store'

/** Lives as files that are locked for as long as the process lives, however long it is stopped. */
export interface FileLives extends HolderLife, AsyncDisposable {
  /** Removes the files of lives that have ended. */
  removeEnded(options?: AbortOptions): Promise<void>
}

const LIFE = /^[0-9a-f-]{36}$/

/** The lives in `directory`, which is created by the first one. Disposing ends that of this opening. */
export function openFileLives(directory: string): FileLives {
  const id = randomUUID()
  let beginning: Promise<FileLock> | undefined
  const fileOf = (life: string): string => path.join(directory, `${life}.lock`)

  const begin = async (): Promise<FileLock> => {
    await disk.mkdir(directory, { recursive: true, mode: 0o700 })
    return await lockFile(fileOf(id), { mode: 0o600 })
  }
  /** Removes the file when nobody holds it. */
  const hasEnded = async (life: string, options: AbortOptions): Promise<boolean> => {
    if (life === id) return false
    const file = fileOf(life)
    if (!LIFE.test(life) || (await unlessMissing(disk.lstat(file))) === undefined) return true
    const lock = await tryLockFile(file, options)
    lock?.[Symbol.dispose]()
    return lock !== undefined
  }

  return {
    async begin() {
      beginning ??= begin().catch((error: unknown) => {
        beginning = undefined
        throw error
      })
      await beginning
      return id
    },
    async ended(lives, options = {}) {
      const ended: string[] = []
      for (const life of lives) if (await hasEnded(life, options)) ended.push(life)
      return ended
    },
    async removeEnded(options = {}) {
      for (const name of (await unlessMissing(disk.readdir(directory))) ?? []) {
        const life = path.basename(name, '.lock')
        if (LIFE.test(life)) await hasEnded(life, options)
      }
    },
    async [Symbol.asyncDispose]() {
      const lock = await beginning?.catch(() => undefined)
      lock?.[Symbol.dispose]()
    },
  }
}
