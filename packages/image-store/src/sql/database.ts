import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

import { StoreVersionError } from '../errors.ts'
import { SCHEMA_VERSION, MIGRATIONS } from './schema.ts'
import { isBusy, translateSqliteError } from './sqlite-error.ts'

/** What a column holds or a parameter gives. */
export type SqlValue = null | number | bigint | string | Uint8Array

/** A row, by column name. */
export type Row = Readonly<Record<string, SqlValue>>

/** The metadata database: a few synchronous calls, each of which is durable when it returns. */
export interface Database extends Disposable {
  /** Whether the file was created by this opening. */
  readonly isNew: boolean
  /** Runs one statement with positional parameters. */
  run(sql: string, ...params: SqlValue[]): void
  /** The rows of one query with positional parameters. */
  all(sql: string, ...params: SqlValue[]): Row[]
  /**
   * Runs `work` with the database to itself; nothing of it stays when it throws. A transaction within another becomes
   * durable with the outer one.
   *
   * @throws TypeError when `work` is asynchronous
   */
  transaction<T>(work: () => T): T
}

/** Options of {@link openDatabase}. */
export interface OpenDatabaseOptions extends AbortOptions {
  /** How long to wait for another process that holds the database; {@link DEFAULT_BUSY_TIMEOUT_MS} by default. */
  readonly busyTimeoutMs?: number
}

/** 10 s: far above what a writer needs, even on a slow disk with many processes in the queue. */
export const DEFAULT_BUSY_TIMEOUT_MS: number = 10_000

const MOST_STATEMENTS = 256
const RETRY_AFTER_MS = 20

/**
 * Opens the metadata database at `path` and brings it to the present layout; any number of processes may do so at once.
 * Writes are durable when they return (WAL, `synchronous=FULL`), foreign keys are enforced.
 *
 * @throws StoreVersionError `ERR_STORE_VERSION`
 * @throws StoreCorruptError `ERR_STORE_CORRUPT`
 * @throws StoreBusyError `ERR_STORE_BUSY`
 */
export async function openDatabase(path: string, options: OpenDatabaseOptions = {}): Promise<Database> {
  const { busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS, signal } = options
  if (!Number.isSafeInteger(busyTimeoutMs) || busyTimeoutMs < 0) {
    throw new RangeError(`Cannot open database: busyTimeoutMs is ${busyTimeoutMs}, expected an integer from 0`)
  }
  const { DatabaseSync } = await import('node:sqlite')
  const deadline = performance.now() + busyTimeoutMs
  for (;;) {
    signal?.throwIfAborted()
    let handle: DatabaseSync | undefined
    try {
      handle = new DatabaseSync(path, { timeout: busyTimeoutMs })
      return wrap(handle, path, prepareFile(handle, path))
    } catch (error) {
      handle?.close()
      // Switching to WAL and recovering it do not wait for the timeout, so that the wait is here.
      if (!isBusy(error) || performance.now() >= deadline) throw translateSqliteError(error, path)
    }
    await sleep(RETRY_AFTER_MS, undefined, { signal })
  }
}

/** Configures the connection and migrates the file; returns whether the file is new. */
function prepareFile(handle: DatabaseSync, path: string): boolean {
  const found = layoutVersion(handle)
  if (found > SCHEMA_VERSION) throw new StoreVersionError(path, found, SCHEMA_VERSION)
  handle.exec('pragma journal_mode = wal')
  handle.exec('pragma synchronous = full')
  handle.exec('pragma foreign_keys = on')
  if (found === SCHEMA_VERSION) return false
  handle.exec('begin immediate')
  try {
    const version = layoutVersion(handle)
    if (version > SCHEMA_VERSION) throw new StoreVersionError(path, version, SCHEMA_VERSION)
    for (const step of MIGRATIONS.slice(version)) handle.exec(step)
    handle.exec(`pragma user_version = ${SCHEMA_VERSION}`)
    handle.exec('commit')
    return version === 0
  } catch (error) {
    if (handle.isTransaction) handle.exec('rollback')
    throw error
  }
}

function layoutVersion(handle: DatabaseSync): number {
  return Number(handle.prepare('pragma user_version').get()?.['user_version'] ?? 0)
}

function wrap(handle: DatabaseSync, path: string, isNew: boolean): Database {
  const statements = new Map<string, StatementSync>()
  let depth = 0

  const statement = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    if (statements.size >= MOST_STATEMENTS) statements.clear()
    const prepared = handle.prepare(sql)
    statements.set(sql, prepared)
    return prepared
  }
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw translateSqliteError(error, path)
    }
  }
  const nested = <T>(begin: string, end: string, undo: string, work: () => T): T => {
    handle.exec(begin)
    depth++
    try {
      const result = work()
      if (result instanceof Promise)
        throw new TypeError('Cannot run a transaction: its work is asynchronous, expected synchronous')
      handle.exec(end)
      return result
    } catch (error) {
      if (handle.isTransaction) handle.exec(undo)
      throw error
    } finally {
      depth--
    }
  }

  return {
    isNew,
    run: (sql, ...params) => guarded(() => void statement(sql).run(...params)),
    all: (sql, ...params) => guarded(() => statement(sql).all(...params)),
    transaction: (work) =>
      guarded(() =>
        depth === 0
          ? nested('begin immediate', 'commit', 'rollback', work)
          : nested(`savepoint s${depth}`, `release s${depth}`, `rollback to s${depth}; release s${depth}`, work),
      ),
    [Symbol.dispose]() {
      if (handle.isOpen) handle.close()
    },
  }
}
