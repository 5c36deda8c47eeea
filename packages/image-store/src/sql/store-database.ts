import type { Checker, Fetcher } from '@drayage/content'

import type { Due } from '../journal/applied-journal.ts'
import type { Change } from '../journal/change.ts'
import type { MetadataFault } from '../journal/soundness.ts'
import type { Database, OpenDatabaseOptions } from './database.ts'

/** What was brought back from the journal. */
export interface RebuiltDatabase {
  readonly path: string
  /** Where the damaged file is now; `undefined` when there was none. */
  readonly aside: string | undefined
  readonly names: number
  /** Lines of the journal that are damaged, too. */
  readonly damagedLines: number
}

/** The records of layers, which are kept in the same database and brought back by their owner. */
export interface LayerRecords {
  /** Creates the tables where they are missing. */
  prepare(database: Database): void
  /** Looks for records that cannot be right, and for holders that are not among the images. */
  findFault(database: Database, images: ReadonlySet<string>): 'records' | 'holders' | undefined
}

/** Options of {@link openStoreDatabase}. */
export interface StoreDatabaseOptions extends OpenDatabaseOptions {
  /** The file that names, images and held manifests are rebuilt from. */
  readonly journal: string
  /** Where manifests, configs and layers are. */
  readonly content: Fetcher & Checker
  /** Whether there is any content, so that a store without a database is one that lost it; no by default. */
  readonly hasContent?: () => Promise<boolean>
  /** The tables that others keep in the database. */
  readonly layers?: LayerRecords
  /** Told of a rebuild by the process that does it. */
  readonly onRebuilt?: (rebuilt: RebuiltDatabase) => void
  /** Told why the journal was written anew from the database, such as `it was lost`. */
  readonly onRewritten?: (problem: string) => void
}

/**
 * A metadata database that its journal can replace. When the file is damaged, lost or exchanged, also while it is open, the
 * next call rebuilds it, or takes the one that another process has rebuilt.
 */
export interface StoreDatabase extends Database {
  /** Makes changes durable, within the transaction that made them. */
  append(changes: readonly Change[]): void
  /** What a rebuild left to be brought back. */
  due(): readonly Due[]
  /** Says that all of it is there again. */
  settle(): void
  /** Compares the tables with the journal, and says what is damaged; takes time by what the store holds. */
  examine(): MetadataFault | undefined
  /** Compares the tables with the journal, and rebuilds or rewrites what is damaged; takes time by what the store holds. */
  verify(): void
  /** Makes the database anew from its journal, as one that is damaged. */
  rebuild(): void
}
