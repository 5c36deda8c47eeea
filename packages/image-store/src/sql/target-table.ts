import { signedBytesOf } from '@drayage/manifest'

import { fullerDescriptor } from '../images/content-row.ts'
import type { TargetTable } from '../tables.ts'
import { descriptorIn } from './columns.ts'
import type { Database, Row } from './database.ts'

/** The targets of a database. */
export function openTargetTable(database: Database): TargetTable {
  const decode = (row: Row): ReturnType<TargetTable['list']>[number] => ({
    target: descriptorIn(row, 'descriptor'),
    addedAtMs: Number(row['added_at']),
    ...(row['used_at'] !== null && { usedAtMs: Number(row['used_at']) }),
  })
  const get: TargetTable['get'] = (digest) =>
    database.all('select * from targets where digest = ?', digest).map(decode)[0]
  return {
    get,
    list: () => database.all('select * from targets').map(decode),
    add({ target, addedAtMs }) {
      const known = get(target.digest)?.target
      const kept = fullerDescriptor(known, target)
      if (kept === known) return
      database.run(
        `insert into targets (digest, descriptor, signed, added_at) values (?, ?, ?, ?)
         on conflict (digest) do update set descriptor = excluded.descriptor, signed = excluded.signed`,
        ...[target.digest, JSON.stringify(kept), signedBytesOf(kept)?.digest ?? null, addedAtMs],
      )
    },
    use: (digest, atMs) => database.run('update targets set used_at = ? where digest = ?', atMs, digest),
    remove: (digest) => database.run('delete from targets where digest = ?', digest),
  }
}
