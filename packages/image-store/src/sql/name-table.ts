import { parseDigest } from '@drayage/digest'
import { signedBytesOf } from '@drayage/manifest'

import { storedName, storedNameText } from '../images/name-rules.ts'
import type { NameRecord } from '../stored-image.ts'
import type { NameTable } from '../tables.ts'
import { descriptorIn } from './columns.ts'
import type { Database, Row } from './database.ts'

const COLUMNS = 'reference, domain, path, tag, digest, descriptor, is_pinned, named_at'

/** The names of a database. */
export function openNameTable(database: Database): NameTable {
  const select = (rest: string, ...params: string[]): NameRecord[] =>
    database.all(`select ${COLUMNS} from names ${rest}`, ...params).map(decodeName)
  return {
    get: (reference) => select('where reference = ?', reference)[0],
    list: () => select('order by reference'),
    ofTarget: (target) => select('where target = ? order by reference', target),
    inRepository: ({ domain, path }, target) =>
      select('where target = ? and domain = ? and path = ? limit 1', target, domain, path)[0],
    tags: ({ domain, path }, { limit, after = '' }) =>
      database
        .all(
          'select tag from names where domain = ? and path = ? and tag is not null and tag > ? order by tag limit ?',
          ...[domain, path, after, limit],
        )
        .map(({ tag }) => String(tag)),
    set({ name, target, isPinned = false }, namedAtMs) {
      const { domain, path, tag = null, digest = null } = storedName(name)
      database.run(
        `insert into names (reference, domain, path, tag, digest, descriptor, signed, target, is_pinned, named_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         on conflict (reference) do update set descriptor = excluded.descriptor, signed = excluded.signed,
           target = excluded.target, is_pinned = excluded.is_pinned, named_at = excluded.named_at`,
        ...[storedNameText(name), domain, path, tag, digest],
        ...[JSON.stringify(target), signedBytesOf(target)?.digest ?? null, target.digest, isPinned ? 1 : 0, namedAtMs],
      )
    },
    remove: (reference) => database.run('delete from names where reference = ?', reference),
  }
}

function decodeName(row: Row): NameRecord {
  return {
    reference: String(row['reference']),
    name: {
      domain: String(row['domain']),
      path: String(row['path']),
      ...(row['tag'] !== null && { tag: String(row['tag']) }),
      ...(row['digest'] !== null && { digest: parseDigest(String(row['digest'])) }),
    },
    target: descriptorIn(row, 'descriptor'),
    isPinned: row['is_pinned'] === 1,
    namedAtMs: Number(row['named_at']),
  }
}
