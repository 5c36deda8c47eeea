import type { UploadRecord } from '../ports.ts'
import type { UploadTable } from '../tables.ts'
import type { Database } from './database.ts'

/** The uploads of a database. */
export function openUploadTable(database: Database): UploadTable {
  const select = (rest: string, ...params: string[]): UploadRecord[] =>
    database.all(`select id, repository, started_at from uploads ${rest}`, ...params).map((row) => ({
      id: String(row['id']),
      repository: String(row['repository']),
      startedAtMs: Number(row['started_at']),
    }))
  return {
    put({ id, repository, startedAtMs }) {
      const columns = [id, repository, startedAtMs]
      database.run('insert or replace into uploads (id, repository, started_at) values (?, ?, ?)', ...columns)
    },
    get: (id) => select('where id = ?', id)[0],
    remove: (id) => database.run('delete from uploads where id = ?', id),
    list: () => select('order by started_at, id'),
  }
}
