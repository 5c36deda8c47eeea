import { randomUUID } from 'node:crypto'

import type { Fetcher } from '@drayage/content'

import { openHoldings } from './holdings.ts'
import { openImageStore } from './images/image-store.ts'
import { openLeases } from './leases.ts'
import { openMemoryTables } from './memory/memory-tables.ts'
import type { HolderLife, Metadata } from './ports.ts'
import type { Database } from './sql/database.ts'
import { openSqlTables } from './sql/sql-tables.ts'
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
  /** Of `openDatabase`. */
  readonly database: Database
  /** The file that names and images can be rebuilt from; nothing is journaled without it. */
  readonly journal?: string
}

/** The metadata in a database that any number of processes use at once. */
export function createMetadata({ database, journal, ...options }: DatabaseMetadataOptions): Metadata {
  return metadataIn(openSqlTables(database), options, journal)
}

/** Metadata in memory, which ends with the process; for tests and programs that keep nothing. */
export function createMemoryMetadata(options: MetadataOptions): Metadata {
  return metadataIn(openMemoryTables(), options)
}

function metadataIn(tables: Tables, options: MetadataOptions, journal?: string): Metadata {
  const { content, now = Date.now, life = endlessLife() } = options
  return {
    images: openImageStore({ tables, content, journal, now }),
    leases: openLeases({ tables, life, now }),
    holdings: openHoldings(tables, now),
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
