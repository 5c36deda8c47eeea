import type { LeaseTable } from '../tables.ts'
import type { Database } from './database.ts'

/** The leases of a database. */
export function openLeaseTable(database: Database): LeaseTable {
  return {
    put(holder, digest, untilMs) {
      database.run('insert or replace into leases (holder, digest, until) values (?, ?, ?)', holder, digest, untilMs)
    },
    remove: (holder) => database.run('delete from leases where holder = ?', holder),
    isLeased: (digest) => database.all('select 1 from leases where digest = ? limit 1', digest).length > 0,
    condemn: (digest, untilMs) =>
      database.run('insert or replace into condemned (digest, until) values (?, ?)', digest, untilMs),
    isCondemned: (digest) => database.all('select 1 from condemned where digest = ?', digest).length > 0,
    pardon: (digest, untilMs) => database.run('delete from condemned where digest = ? and until = ?', digest, untilMs),
    expire(nowMs) {
      database.run('delete from leases where until <= ?', nowMs)
      database.run('delete from condemned where until <= ?', nowMs)
    },
  }
}
