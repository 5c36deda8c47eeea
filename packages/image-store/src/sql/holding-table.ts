import { formatRepository, parseRepository } from '@drayage/reference'

import type { HoldingTable } from '../tables.ts'
import { descriptorIn, digestIn } from './columns.ts'
import type { Database } from './database.ts'

const ONE = 'where repository = ? and kind = ? and digest = ?'

/** The holdings of a database. */
export function openHoldingTable(database: Database): HoldingTable {
  return {
    put(kind, repository, what, heldAtMs) {
      database.run(
        'insert or replace into holdings (repository, kind, digest, descriptor, held_at) values (?, ?, ?, ?, ?)',
        ...[formatRepository(repository), kind, what.digest, JSON.stringify(what), heldAtMs],
      )
    },
    get(kind, repository, digest) {
      const rows = database.all(
        `select descriptor from holdings ${ONE}`,
        ...[formatRepository(repository), kind, digest],
      )
      return rows.map((row) => descriptorIn(row, 'descriptor'))[0]
    },
    remove: (kind, repository, digest) =>
      database.run(`delete from holdings ${ONE}`, formatRepository(repository), kind, digest),
    list: (kind) =>
      database.all('select repository, descriptor, held_at from holdings where kind = ?', kind).map((row) => ({
        repository: parseRepository(String(row['repository'])),
        what: descriptorIn(row, 'descriptor'),
        heldAtMs: Number(row['held_at']),
      })),
    isHeldSince: (digest, heldAtMs) =>
      database.all('select 1 from holdings where digest = ? and held_at > ? limit 1', digest, heldAtMs).length > 0,
    correctTimes: (nowMs) => database.run('update holdings set held_at = ?1 where held_at > ?1', nowMs),
    hasRepository: ({ domain, path }) =>
      database.all(
        `select 1 from holdings where repository = ?
         union all select 1 from names where domain = ? and path = ? limit 1`,
        ...[formatRepository({ domain, path }), domain, path],
      ).length > 0,
    repositories: ({ limit, after = '' }) =>
      database
        .all(
          `select name from (select repository as name from holdings union select domain || '/' || path from names)
           where name > ? order by name limit ?`,
          ...[after, limit],
        )
        .map(({ name }) => String(name)),
    addParts(whole, parts) {
      for (const part of parts) database.run('insert or ignore into parts (whole, part) values (?, ?)', whole, part)
    },
    listParts: () =>
      database
        .all('select whole, part from parts')
        .map((row) => ({ whole: digestIn(row, 'whole'), part: digestIn(row, 'part') })),
    removePart: (whole, part) => database.run('delete from parts where whole = ? and part = ?', whole, part),
    addReferrer(repository, subject, referrer) {
      database.run(
        'insert or replace into referrers (repository, subject, digest, descriptor) values (?, ?, ?, ?)',
        ...[formatRepository(repository), subject, referrer.digest, JSON.stringify(referrer)],
      )
    },
    referrers: (repository, subject, { limit, after = '' }) =>
      database
        .all(
          'select descriptor from referrers where repository = ? and subject = ? and digest > ? order by digest limit ?',
          ...[formatRepository(repository), subject, after, limit],
        )
        .map((row) => descriptorIn(row, 'descriptor')),
    listReferrers: () =>
      database.all('select repository, subject, descriptor from referrers').map((row) => ({
        repository: parseRepository(String(row['repository'])),
        subject: digestIn(row, 'subject'),
        referrer: descriptorIn(row, 'descriptor'),
      })),
    removeReferrer: (repository, subject, referrer) =>
      database.run(
        'delete from referrers where repository = ? and subject = ? and digest = ?',
        ...[formatRepository(repository), subject, referrer],
      ),
    keepersOf: (digest) =>
      database
        .all(
          'select whole as keeper from parts where part = ?1 union select subject from referrers where digest = ?1',
          digest,
        )
        .map((row) => digestIn(row, 'keeper')),
    knows: (digest) =>
      database.all(
        `select 1 from holdings where digest = ?1
         union all select 1 from parts where whole = ?1
         union all select 1 from referrers where digest = ?1 or subject = ?1 limit 1`,
        digest,
      ).length > 0,
    forget(digest) {
      database.run('delete from holdings where digest = ?', digest)
      database.run('delete from parts where whole = ?', digest)
      database.run('delete from referrers where digest = ? or subject = ?', digest, digest)
    },
  }
}
