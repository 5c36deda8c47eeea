import type { Tables } from '../tables.ts'
import type { Database } from './database.ts'
import { openContentTable } from './content-table.ts'
import { openHoldingTable } from './holding-table.ts'
import { openLeaseTable } from './lease-table.ts'
import { openNameTable } from './name-table.ts'
import { openSourceTable } from './source-table.ts'
import { openTargetTable } from './target-table.ts'
import { openUploadTable } from './upload-table.ts'

/** The tables of a metadata database. */
export function openSqlTables(database: Database): Tables {
  return {
    names: openNameTable(database),
    targets: openTargetTable(database),
    contents: openContentTable(database),
    sources: openSourceTable(database),
    leases: openLeaseTable(database),
    holdings: openHoldingTable(database),
    uploads: openUploadTable(database),
    transaction: (work) => database.transaction(work),
    snapshot: (work) => database.snapshot(work),
  }
}
