import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { syncDirectorySync } from '@drayage/files'
import type { Database } from '@drayage/image-store'

/** How much is reserved: 16 files, each of them an inode, of 64 KiB: 1 MiB. */
const FILES = 16
const FILE_BYTES = 65_536

/** What a change of the database takes at most, with its journal and the files that SQLite makes beside it. */
const NEEDED_BYTES = 512 * 1024
const NEEDED_FILES = 8

/** How often a reserve that is not whole is looked at while the store is open. */
const REFILL_EVERY_MS = 1000

/** Room on the disk of a store that is kept for what has to work on a full disk: to look at images, and to remove them. */
export interface Reserve {
  /** Gives up as much of the reserve as a change of the database may need. Failures are left to the change. */
  makeRoom(): void
  /** Makes the reserve whole again, as far as there is room. */
  refill(): void
  /** Whether there is so much room that a change which is not needed takes nothing of the reserve. */
  hasSpare(): boolean
}

/** The reserve below the directory of a store, which exists. */
export function openReserve(directory: string): Reserve {
  const folder = path.join(directory, 'reserve')
  const all = Array.from({ length: FILES }, (_, index) => path.join(folder, String(index)))
  return {
    makeRoom() {
      try {
        if (hasRoom(directory, NEEDED_BYTES, NEEDED_FILES)) return
        for (const file of all) {
          rmSync(file, { force: true })
          if (hasRoom(directory, NEEDED_BYTES, NEEDED_FILES)) break
        }
        // Journaling file systems give freed blocks away once their journal says so.
        syncDirectorySync(folder)
      } catch {
        // The change says what is wrong with the disk.
      }
    },
    refill() {
      try {
        for (const file of all) {
          if (isWhole(file)) continue
          // What is left beside it has to do for the change that comes next.
          if (!hasRoom(directory, NEEDED_BYTES + FILE_BYTES, NEEDED_FILES + 1)) return
          fill(folder, file)
        }
      } catch {
        // Without a reserve, the store works on any disk that has room.
      }
    },
    hasSpare() {
      try {
        return hasRoom(directory, 2 * NEEDED_BYTES, 2 * NEEDED_FILES)
      } catch {
        return false
      }
    },
  }
}

/** The database, with room made before each change, and the reserve made whole when there is room again. */
export function withReserve<T extends Database>(database: T, reserve: Reserve): T {
  let lookedAt = performance.now()
  const change = <T>(work: () => T): T => {
    reserve.makeRoom()
    const result = work()
    if (performance.now() - lookedAt > REFILL_EVERY_MS) {
      lookedAt = performance.now()
      reserve.refill()
    }
    return result
  }
  let isChanging = false
  return {
    ...database,
    run: (sql, ...params) => (isChanging ? database.run(sql, ...params) : change(() => database.run(sql, ...params))),
    transaction: (work) => {
      if (isChanging) return database.transaction(work)
      return change(() => {
        isChanging = true
        try {
          return database.transaction(work)
        } finally {
          isChanging = false
        }
      })
    },
    [Symbol.dispose]() {
      database[Symbol.dispose]()
      reserve.refill()
    },
  }
}

/** Whether so much is free; a file system that tells nothing has room. Quotas show only when they are used up. */
function hasRoom(directory: string, bytes: number, count: number): boolean {
  // Not `bfree`: ext4 keeps some of those blocks for itself, also from root.
  const { bavail, bsize, blocks, ffree, files } = statfsSync(directory)
  return (blocks === 0 || bavail * bsize >= bytes) && (files === 0 || ffree >= count)
}

/** After a power cut, a file may have its size and not its blocks. */
function isWhole(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false })
  return found !== undefined && found.blocks * 512 >= FILE_BYTES
}

function fill(folder: string, file: string): void {
  try {
    if (statSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, { mode: 0o700 })
    // Zeros take no block on some file systems.
    writeFileSync(file, randomBytes(FILE_BYTES), { mode: 0o600 })
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  }
}
