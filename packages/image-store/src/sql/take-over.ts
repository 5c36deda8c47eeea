import type { AbortOptions } from '@drayage/bytes'
import type { Checker, Fetcher } from '@drayage/content'
import { parseDigest, parseImageId } from '@drayage/digest'

import { applyChange } from '../images/ledger.ts'
import type { FirstName } from '../journal/change.ts'
import type { FirstImage } from '../journal/first-content.ts'
import { fromFirstModel, type FirstModel } from '../journal/first-model.ts'
import { appendChanges } from '../journal/journal.ts'
import { asDescriptors, asPlatform } from '../record-codec.ts'
import { descriptorIn, jsonIn, required } from './columns.ts'
import type { Database, Row } from './database.ts'
import { openSqlTables } from './sql-tables.ts'

/** What {@link takeOverFirstModel} works on. */
export interface TakeOverOptions extends AbortOptions {
  readonly database: Database
  /** Where manifests and layers are. */
  readonly content: Fetcher & Checker
  /** The file that names and images can be rebuilt from; it begins anew with what was taken over. */
  readonly journal?: string | undefined
}

/**
 * Brings what a database held before a name stood for an index into the tables of today. It is to be called once the
 * database is open, by every process: one does it, in one transaction.
 */
export async function takeOverFirstModel({ database, content, journal, signal }: TakeOverOptions): Promise<void> {
  if (!hasFirstModel(database)) return
  const first = database.transaction(() => (hasFirstModel(database) ? readFirstModel(database) : undefined))
  if (first === undefined) return
  // No release writes to these tables any more, so that they stay as they were read.
  const changes = await fromFirstModel(first, content, { signal })
  signal?.throwIfAborted()
  const tables = openSqlTables(database)
  database.transaction(() => {
    if (!hasFirstModel(database)) return
    for (const change of changes) applyChange(tables, change)
    dropFirstModel(database)
    // The journal of a database that is new may be all that is left of the one before.
    if (journal !== undefined && changes.length > 0) appendChanges(journal, [{ op: 'reset' }, ...changes])
  })
}

const FIRST_TABLES = ['first_names', 'first_manifests', 'first_images'] as const

/** Removes the tables of before a name stood for an index; returns whether they are gone: not when they hold anything. */
export function dropEmptyFirstModel(database: Database): boolean {
  if (!hasFirstModel(database)) return true
  if (FIRST_TABLES.some((table) => database.all(`select 1 from ${table} limit 1`).length > 0)) return false
  dropFirstModel(database)
  return true
}

function dropFirstModel(database: Database): void {
  for (const table of FIRST_TABLES) database.run(`drop table ${table}`)
}

/** Whether a database still has the tables of before a name stood for an index. */
function hasFirstModel(database: Database): boolean {
  return database.all("select 1 from sqlite_master where type = 'table' and name = 'first_images'").length > 0
}

function readFirstModel(database: Database): FirstModel {
  const manifests = Map.groupBy(database.all('select * from first_manifests'), (row) => String(row['image']))
  const images = database.all('select * from first_images').map((row): FirstImage => {
    const image = decodeImage(row)
    const others = (manifests.get(image.id) ?? []).map((each) => descriptorIn(each, 'descriptor'))
    const before = others.filter(({ digest }) => digest !== image.manifest.digest)
    return { image, manifests: [...before, image.manifest], addedAtMs: Number(row['added_at']) }
  })
  const names = database.all('select * from first_names').map((row): FirstName => ({
    name: nameOf(row),
    target: descriptorIn(row, 'target'),
    image: row['image'] === null ? undefined : parseImageId(String(row['image'])),
    atMs: Number(row['named_at']),
  }))
  return { images, names }
}

function nameOf(row: Row): FirstName['name'] {
  return {
    domain: String(row['domain']),
    path: String(row['path']),
    ...(row['tag'] !== null && { tag: String(row['tag']) }),
    ...(row['digest'] !== null && { digest: parseDigest(String(row['digest'])) }),
  }
}

function decodeImage(row: Row): FirstImage['image'] {
  return {
    id: parseImageId(String(row['id'])),
    manifest: descriptorIn(row, 'manifest'),
    config: descriptorIn(row, 'config'),
    platform: required(asPlatform(jsonIn(row, 'platform'))),
    ...(row['created'] !== null && { created: String(row['created']) }),
    size: Number(row['size']),
    layers: required(asDescriptors(jsonIn(row, 'layers'))),
  }
}
