import { encodeText } from '@drayage/bytes'
import { createHasher } from '@drayage/digest'

import { applyChange } from '../images/ledger.ts'
import type { Database } from '../sql/database.ts'
import { openSqlTables } from '../sql/sql-tables.ts'
import type { AppliedJournal } from './applied-journal.ts'
import { isOfToday } from './applied-journal.ts'
import { readHead, readLines } from './journal.ts'

/** What is wrong with a database or with its journal. */
export interface MetadataFault {
  readonly part: 'database' | 'journal'
  /** What was found, such as `line 4 of 31 is damaged`. */
  readonly problem: string
}

/** How many damaged lines are named. */
const MOST_NAMED = 5

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
export function findFault({ database, applied, journal, openEmpty }: SoundnessParts): MetadataFault | undefined {
  const broken = faultOfFile(database)
  if (broken !== undefined) return { part: 'database', problem: broken }
  applied.agree()
  const { lines } = readLines(journal, 0)
  const damaged = lines.flatMap((changes, at) => (changes === undefined ? [at + 1] : []))
  if (damaged.length > 0) return { part: 'journal', problem: textOfDamaged(damaged, lines.length) }
  if (readHead(journal) === undefined) return { part: 'journal', problem: 'its first line is missing' }
  using replayed = openEmpty()
  const tables = openSqlTables(replayed)
  tables.transaction(() => {
    for (const change of lines.flatMap((changes) => changes ?? [])) if (isOfToday(change)) applyChange(tables, change)
  })
  if (digestOfState(database) === digestOfState(replayed)) return undefined
  return { part: 'database', problem: 'it does not hold what its journal says' }
}

function faultOfFile(database: Database): string | undefined {
  const [found] = database.all('pragma integrity_check(1)')
  const problem = String(found?.['integrity_check'])
  if (problem !== 'ok') return problem
  return database.all('pragma foreign_key_check').length === 0 ? undefined : 'rows refer to others that are missing'
}

function textOfDamaged(damaged: readonly number[], all: number): string {
  const named = damaged.slice(0, MOST_NAMED).join(', ')
  const rest = damaged.length > MOST_NAMED ? ` and ${damaged.length - MOST_NAMED} more` : ''
  return damaged.length === 1 ? `line ${named} of ${all} is damaged` : `lines ${named}${rest} of ${all} are damaged`
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
