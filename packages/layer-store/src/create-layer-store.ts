import { FileIndexes } from './indexes/file-indexes.ts'
import type { WriterLife } from './indexes/index-directory.ts'
import type { LayerStore, LayerStoreOptions } from './layer-store.ts'
import { MemoryIndexes } from './indexes/memory-indexes.ts'
import { MemoryLayerTables } from './records/memory-layer-tables.ts'
import { RecordedLayerStore } from './recorded-layer-store.ts'
import type { SqlDatabase } from './records/sql-database.ts'
import { SqlLayerTables } from './records/sql-layer-tables.ts'

/** Options of {@link createLayerStore}. */
export interface DiskLayerStoreOptions extends LayerStoreOptions {
  /** Holds the records; its tables are created when they are missing. */
  readonly database: SqlDatabase
  /** Holds the indexes; created when it is missing. */
  readonly directory: string
  /** Tells which processes have ended, so that their unfinished indexes go in a sweep; by default they go after a day. */
  readonly life?: WriterLife | undefined
  /** Most layers measured at a time; one per processor by default, and at least 2. */
  readonly workers?: number | undefined
}

/**
 * Opens the layer store in a database and a directory, which any number of processes may have open at once.
 *
 * @throws RangeError when `workers` is not a positive integer
 */
export function createLayerStore({ database, ...options }: DiskLayerStoreOptions): LayerStore {
  const { content, workers } = options
  const [tables, indexes] = [new SqlLayerTables(database), new FileIndexes(options)]
  return new RecordedLayerStore({ content, workers, tables, indexes })
}

/** A layer store in memory, which ends with the process; for tests and programs that keep nothing. */
export function createMemoryLayerStore(options: LayerStoreOptions): LayerStore {
  const [tables, indexes] = [new MemoryLayerTables(), new MemoryIndexes(options)]
  return new RecordedLayerStore({ content: options.content, tables, indexes })
}
