import type { LeaseTable } from '../tables.ts'
import type { Database } from './database.ts'

/** The leases of a database. */
export function openLeaseTable(database: Database): LeaseTable {
  const isThere = (sql: string, ...params: string[]): boolean => database.all(sql, ...params).length > 0
  return {
    begin: (holder, life) =>
      database.run(
        `insert into holders (id, life) values (?, ?)
         on conflict (id) do update set life = excluded.life, ended_at = null`,
        ...[holder, life],
      ),
    put: (holder, digest) =>
      database.run('insert or ignore into leases (holder, digest) values (?, ?)', holder, digest),
    drop: (holder, digest) => database.run('delete from leases where holder = ? and digest = ?', holder, digest),
    remove: (holder) => database.run('delete from holders where id = ?', holder),
    isLeased: (digest) => isThere('select 1 from leases where digest = ? limit 1', digest),
    isKept: (digest) =>
      isThere(
        `select 1 from leases cross join holders on holders.id = leases.holder
         where leases.digest = ? and holders.ended_at is null limit 1`,
        digest,
      ),
    isKeptBy: (holder, digest) => isThere('select 1 from leases where holder = ? and digest = ?', holder, digest),
    lives: () =>
      database.all('select distinct life from holders where life is not null').map(({ life }) => String(life)),
    end: (holder, atMs) => database.run('update holders set life = null, ended_at = ? where id = ?', atMs, holder),
    endLife: (life, atMs) => database.run('update holders set life = null, ended_at = ? where life = ?', atMs, life),
    expire(beforeMs, nowMs) {
      database.run('update holders set ended_at = ?1 where ended_at > ?1', nowMs)
      database.run('delete from holders where ended_at <= ?', beforeMs)
    },
  }
}
