import type { Database } from './database.ts'

/** An upload that a client has begun at a registry. */
export interface UploadRecord {
  readonly id: string
  /** The repository's path, as the client named it. */
  readonly repository: string
  /** In milliseconds since 1970. */
  readonly startedAtMs: number
}

/** The uploads that have begun; every change is durable when its call returns. */
export interface UploadRecords {
  open(upload: UploadRecord): void
  find(id: string): UploadRecord | undefined
  close(id: string): void
  list(): UploadRecord[]
}

/** Opens the uploads of a store's registry in its metadata database. */
export function createUploadRecords({ database }: { readonly database: Database }): UploadRecords {
  const select = (rest: string, ...params: string[]): UploadRecord[] =>
    database.all(`select id, repository, started_at from uploads ${rest}`, ...params).map((row) => ({
      id: String(row['id']),
      repository: String(row['repository']),
      startedAtMs: Number(row['started_at']),
    }))
  return {
    open({ id, repository, startedAtMs }) {
      database.run(
        'insert or replace into uploads (id, repository, started_at) values (?, ?, ?)',
        ...[id, repository, startedAtMs],
      )
    },
    find: (id) => select('where id = ?', id)[0],
    close: (id) => database.run('delete from uploads where id = ?', id),
    list: () => select('order by started_at, id'),
  }
}
