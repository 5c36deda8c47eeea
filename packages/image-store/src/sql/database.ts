import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'

import { StoreBusyError, StoreCorruptError, StoreVersionError } from '../errors.ts'
import { applicationId, MIGRATIONS, SCHEMA_VERSION } from './schema.ts'
import { databaseHolder, isBusy, translateSqliteError } from './sqlite-error.ts'

/** What a column holds or a parameter gives. */
export type SqlValue = null | number | bigint | string | Uint8Array

/** A row, by column name. */
export type Row = Readonly<Record<string, SqlValue>>

/**
 * The metadata database: a few synchronous calls. What is committed survives the death of the process; a power cut may take
 * the last moments, which the journal gives back.
 */
export interface Database extends Disposable {
  readonly path: string
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
  /** Runs `work`, which only reads, on one state: what others commit meanwhile is not seen. It waits for nobody. */
  snapshot<T>(work: () => T): T
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

/** How often somebody is looked at who is waited for, and after how many looks in a row one that is stopped is given up. */
const LOOK_EVERY_MS = 1000
const MOST_STOPPED = 3

/**
 * Opens the metadata database at `path` and brings it to the present layout; any number of processes may do so at once.
 * It is in WAL mode with `synchronous=NORMAL`, and foreign keys are enforced.
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
    try {
      return openNow(DatabaseSync, path, { busyTimeoutMs })
    } catch (error) {
      // Switching to WAL and recovering it do not wait for the timeout, so that the wait is here.
      if (!isStoreBusy(error) || performance.now() >= deadline) throw error
    }
    await sleep(RETRY_AFTER_MS, undefined, { signal })
  }
}

/** The class of `node:sqlite`, which is loaded when a database is opened. */
export type Sqlite = typeof DatabaseSync

/** Options of {@link openNow}. */
export interface OpenNowOptions {
  readonly busyTimeoutMs: number
  /** Keeps all others out for as long as it is open, and shares no memory with them; `false` by default. */
  readonly isExclusive?: boolean
}

/** {@link openDatabase} without a wait for those that hold it longer than the timeout, or that recover it. */
export function openNow(
  Sqlite: Sqlite,
  path: string,
  { busyTimeoutMs, isExclusive = false }: OpenNowOptions,
): Database {
  let handle: DatabaseSync | undefined
  try {
    handle = new Sqlite(path, { timeout: Math.min(busyTimeoutMs, LOOK_EVERY_MS) })
    if (isExclusive) handle.exec('pragma locking_mode = exclusive')
    const isNew = prepareFile(handle, path)
    return wrap(handle, { path, isNew, busyTimeoutMs })
  } catch (error) {
    handle?.close()
    throw translateSqliteError(error, path)
  }
}

/** Whether an error says that another process holds the database. */
export function isStoreBusy(error: unknown): boolean {
  return error instanceof StoreBusyError
}

/** Configures the connection and migrates the file; returns whether the file is new. */
function prepareFile(handle: DatabaseSync, path: string): boolean {
  const found = layoutVersion(handle, path)
  if (found > SCHEMA_VERSION) throw new StoreVersionError(path, found, SCHEMA_VERSION)
  handle.exec('pragma journal_mode = wal')
  handle.exec('pragma synchronous = normal')
  handle.exec('pragma foreign_keys = on')
  if (found === SCHEMA_VERSION) return false
  handle.exec('begin immediate')
  try {
    const version = layoutVersion(handle, path)
    if (version > SCHEMA_VERSION) throw new StoreVersionError(path, version, SCHEMA_VERSION)
    for (const step of MIGRATIONS.slice(version)) handle.exec(step)
    handle.exec(`pragma user_version = ${SCHEMA_VERSION}; pragma application_id = ${applicationId(SCHEMA_VERSION)}`)
    handle.exec('commit')
    return version === 0
  } catch (error) {
    if (handle.isTransaction) handle.exec('rollback')
    throw error
  }
}

/** Whether the database at `path` says itself that it has the layout of this release; no for one that cannot be read. */
export async function hasPresentLayout(path: string): Promise<boolean> {
  const { DatabaseSync } = await import('node:sqlite')
  let handle: DatabaseSync | undefined
  try {
    handle = new DatabaseSync(path, { readOnly: true })
    return layoutVersion(handle, path) === SCHEMA_VERSION
  } catch {
    return false
  } finally {
    handle?.close()
  }
}

/** @throws StoreCorruptError `ERR_STORE_CORRUPT` when the file says two different things */
function layoutVersion(handle: DatabaseSync, path: string): number {
  const version = Number(handle.prepare('pragma user_version').get()?.['user_version'] ?? 0)
  const id = Number(handle.prepare('pragma application_id').get()?.['application_id'] ?? 0)
  if (id !== applicationId(version) && !isNewer(version)) throw new StoreCorruptError(path)
  return version
}

/** Whether a version that nothing confirms is that of another release, and not one of this with a bit changed. */
function isNewer(version: number): boolean {
  const changed = version ^ SCHEMA_VERSION
  const isOneBit = (changed & (changed - 1)) === 0
  return version > SCHEMA_VERSION && (version === SCHEMA_VERSION + 1 || !isOneBit)
}

interface WrapOptions {
  readonly path: string
  readonly isNew: boolean
  readonly busyTimeoutMs: number
}

/** Waits for whoever holds a database, within a synchronous call; one that is stopped does not let go by itself. */
function waitFor<T>({ path, busyTimeoutMs }: WrapOptions, work: () => T): T {
  const deadline = performance.now() + busyTimeoutMs
  for (let stopped = 0; ;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
      stopped = databaseHolder(path)?.isStopped === true ? stopped + 1 : 0
      if (stopped >= MOST_STOPPED) throw error
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_AFTER_MS)
  }
}

function wrap(handle: DatabaseSync, options: WrapOptions): Database {
  const { path, isNew } = options
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
  /** Outside of a transaction, where others may write. */
  const outermost = <T>(work: () => T): T => (depth === 0 ? waitFor(options, work) : work())
  const nested = <T>(begin: string, end: string, undo: string, work: () => T): T => {
    outermost(() => handle.exec(begin))
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
    path,
    isNew,
    run: (sql, ...params) => guarded(() => void outermost(() => statement(sql).run(...params))),
    all: (sql, ...params) => guarded(() => outermost(() => statement(sql).all(...params))),
    transaction: (work) =>
      guarded(() =>
        depth === 0
          ? nested('begin immediate', 'commit', 'rollback', work)
          : nested(`savepoint s${depth}`, `release s${depth}`, `rollback to s${depth}; release s${depth}`, work),
      ),
    snapshot: (work) => guarded(() => (depth === 0 ? nested('begin', 'commit', 'rollback', work) : work())),
    [Symbol.dispose]() {
      if (handle.isOpen) handle.close()
    },
  }
}
