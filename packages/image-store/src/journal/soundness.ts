import { encodeText } from '@drayage/bytes'
import { createHasher } from '@drayage/digest'

import { applyChange } from '../images/ledger.ts'
import type { Database } from '../sql/database.ts'
import { openSqlTables } from '../sql/sql-tables.ts'
import type { AppliedJournal } from './applied-journal.ts'
import { countDamaged, isOfToday } from './applied-journal.ts'
import { readHead, readLines } from './journal.ts'

/** Which of both is damaged. */
export type Unsound = 'database' | 'journal'

/** What is compared. */
export interface SoundnessParts {
  readonly database: Database
  readonly applied: AppliedJournal
  /** The file of the journal. */
  readonly journal: string
  /** Opens an empty database in memory. */
  readonly openEmpty: () => Database
}

/**
 * Looks whether a database is intact and holds what its journal says, in a transaction of the database: SQLite alone finds
 * no changed bit in a text. The journal is the one to rely on as long as none of its lines is damaged.
 */
export function findFault({ database, applied, journal, openEmpty }: SoundnessParts): Unsound | undefined {
  if (!isIntact(database)) return 'database'
  applied.agree()
  const { lines } = readLines(journal, 0)
  if (readHead(journal) === undefined || countDamaged(lines) > 0) return 'journal'
  using replayed = openEmpty()
  const tables = openSqlTables(replayed)
  tables.transaction(() => {
    for (const change of lines.flatMap((changes) => changes ?? [])) if (isOfToday(change)) applyChange(tables, change)
  })
  return digestOfState(database) === digestOfState(replayed) ? undefined : 'database'
}

function isIntact(database: Database): boolean {
  const [found] = database.all('pragma integrity_check(1)')
  return found?.['integrity_check'] === 'ok' && database.all('pragma foreign_key_check').length === 0
}

/** What follows from the journal, down to what is looked up by. */
const FOLLOWING: readonly string[] = [
  'select digest, descriptor, signed, added_at from targets order by digest',
  `select reference, domain, path, tag, digest, descriptor, signed, target, is_pinned, named_at from names
   order by reference`,
  'select digest, descriptor, image, config, platform, created, size, parts from contents order by digest',
  'select target, manifest from members order by target, seq',
  'select digest, by from needs order by digest, by',
  "select repository, digest, descriptor from holdings where kind = 'manifest' order by repository, digest",
  'select whole, part from parts order by whole, part',
  'select repository, subject, digest, descriptor from referrers order by repository, subject, digest',
]

/** Tells states apart. */
function digestOfState(database: Database): string {
  const hasher = createHasher('sha256')
  for (const sql of FOLLOWING) hasher.update(encodeText(JSON.stringify(database.all(sql))))
  return hasher.digest()
}
