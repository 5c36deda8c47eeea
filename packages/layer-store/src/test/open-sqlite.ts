import { DatabaseSync } from 'node:sqlite'

import type { SqlDatabase } from '../index.ts'

/** The layer store's database over SQLite. */
export function openSqlite(path: string): SqlDatabase & { close(): void } {
  const handle = new DatabaseSync(path, { timeout: 10_000 })
  return {
    run: (sql, ...params) => void handle.prepare(sql).run(...params),
    all: (sql, ...params) => handle.prepare(sql).all(...params),
    transaction(work) {
      handle.exec('begin immediate')
      try {
        const result = work()
        handle.exec('commit')
        return result
      } catch (error) {
        handle.exec('rollback')
        throw error
      }
    },
    close: () => handle.close(),
  }
}
