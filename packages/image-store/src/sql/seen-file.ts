import { readFileSync, writeFileSync } from 'node:fs'

import { isMissing, readFailure } from '@drayage/files'

import { identifyFile } from './set-aside.ts'

/** Remembers, beside a database, what its files were when the last process closed it. */
export interface SeenFile {
  /** Whether the files are those that were closed: no process was killed since, and nobody else wrote to them. */
  isAsSeen(): boolean
  /** Remembers the files as they are, once no process has them open. */
  remember(): void
}

/** The memory of the database at `path` and of its journal. */
export function openSeenFile(path: string, journal: string): SeenFile {
  const seenPath = `${path}-seen`
  const present = (): string | undefined => {
    if ((identifyFile(`${path}-wal`)?.size ?? 0) > 0) return undefined
    const files = [path, journal].map(identifyFile)
    return `${files.map((each) => (each === undefined ? '-' : `${each.file} ${each.size} ${each.mtimeMs}`)).join('\n')}\n`
  }
  const seen = (): string | undefined => {
    try {
      return readFileSync(seenPath, 'utf8')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw readFailure(error, seenPath)
    }
  }
  return {
    isAsSeen: () => {
      const now = present()
      return now !== undefined && now === seen()
    },
    remember() {
      const now = identifyFile(`${path}-wal`) === undefined ? present() : undefined
      if (now === undefined || now === seen()) return
      try {
        writeFileSync(seenPath, now, { mode: 0o600 })
      } catch {
        // The next process checks once more than it had to.
      }
    },
  }
}
