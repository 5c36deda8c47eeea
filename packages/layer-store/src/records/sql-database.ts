/** A value in a row. */
export type SqlCell = string | number | bigint | null | Uint8Array

/** A row of a result, by column name. */
export type SqlRow = Readonly<Record<string, SqlCell>>

/** What the layer store asks of a database: synchronous SQL that SQLite and PostgreSQL both understand. */
export interface SqlDatabase {
  run(sql: string, ...params: readonly (string | number | null)[]): void
  all(sql: string, ...params: readonly (string | number | null)[]): readonly SqlRow[]
  /** Runs `work` as one step that no other process comes between, and undoes it when it throws. */
  transaction<T>(work: () => T): T
}
