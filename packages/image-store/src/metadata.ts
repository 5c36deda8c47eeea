import { randomUUID } from 'node:crypto'

import type { Fetcher } from '@drayage/content'

import { StoreCorruptError } from './errors.ts'
import { openHoldings } from './holdings.ts'
import { openImageStore } from './images/image-store.ts'
import { openLedger, type Append } from './images/ledger.ts'
import { appendChanges } from './journal/journal.ts'
import { openLeases } from './leases.ts'
import { openMemoryTables } from './memory/memory-tables.ts'
import type { HolderLife, Metadata } from './ports.ts'
import type { Database } from './sql/database.ts'
import { openSqlTables } from './sql/sql-tables.ts'
import type { StoreDatabase } from './sql/store-database.ts'
import type { Tables } from './tables.ts'

/** Options of {@link createMemoryMetadata}. */
export interface MetadataOptions {
  /** Holds the configs of images. */
  readonly content: Fetcher
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
  /** Tells who of those that keep content lives; by default nobody's life ends, so that leases end by `leave` only. */
  readonly life?: HolderLife
}

/** Options of {@link createMetadata}. */
export interface DatabaseMetadataOptions extends MetadataOptions {
  /** Of `openStoreDatabase`, which has a journal, or of `openDatabase`. */
  readonly database: Database | StoreDatabase
  /** The file that a database of `openDatabase` is journaled to; without it, it is not. */
  readonly journal?: string
}

/** The metadata in a database that any number of processes use at once. */
export function createMetadata({ database, journal, ...options }: DatabaseMetadataOptions): Metadata {
  const tables = openSqlTables(database)
  if (!('append' in database)) {
    return metadataIn(tables, options, journal === undefined ? undefined : (all) => void appendChanges(journal, all))
  }
  const metadata = metadataIn(tables, options, (changes) => database.append(changes))
  return {
    images: healing(metadata.images, database),
    leases: healing(metadata.leases, database),
    holdings: healing(metadata.holdings, database),
    uploads: healing(metadata.uploads, database),
  }
}

/** A port whose calls are made again, once, when what they read turns out to be damaged. */
function healing<T extends object>(port: T, database: Pick<StoreDatabase, 'rebuild'>): T {
  return new Proxy(port, {
    get(target, key) {
      const call: unknown = Reflect.get(target, key)
      if (typeof call !== 'function') return call
      return async (...given: unknown[]): Promise<unknown> => {
        try {
          return await Reflect.apply(call, target, given)
        } catch (error) {
          if (!(error instanceof StoreCorruptError)) throw error
          database.rebuild()
          return await Reflect.apply(call, target, given)
        }
      }
    },
  })
}

/** Metadata in memory, which ends with the process; for tests and programs that keep nothing. */
export function createMemoryMetadata(options: MetadataOptions): Metadata {
  return metadataIn(openMemoryTables(), options)
}

function metadataIn(tables: Tables, options: MetadataOptions, append?: Append): Metadata {
  const { content, now = Date.now, life = endlessLife() } = options
  const ledger = openLedger(tables, append)
  return {
    images: openImageStore({ tables, content, ledger, now }),
    leases: openLeases({ tables, ledger, life, now }),
    holdings: openHoldings(tables, ledger, now),
    uploads: {
      open: async (upload, { signal } = {}) => {
        signal?.throwIfAborted()
        tables.uploads.put(upload)
      },
      find: async (id) => tables.uploads.get(id),
      close: async (id) => tables.uploads.remove(id),
      list: async () => tables.uploads.list(),
    },
  }
}

/** The life of a program whose metadata ends with it. */
function endlessLife(): HolderLife {
  const id = randomUUID()
  return { begin: async () => id, ended: async () => [] }
}
