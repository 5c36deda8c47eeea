import { isDigest, type Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import type { Database } from './database.ts'
import { StoreCorruptError } from './errors.ts'
import { asDescriptor, asDescriptors } from './record-codec.ts'

/** What content is to a repository. */
export type HoldingKind = 'blob' | 'manifest'

/** Options of {@link createHoldings}. */
export interface HoldingsOptions {
  /** Of `openDatabase`. */
  readonly database: Database
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/** Which part of a sorted list is wanted. */
export interface HoldingsPage {
  readonly limit: number
  /** The entry before the first one wanted, whether it exists or not. */
  readonly after?: string | undefined
}

/**
 * What repositories hold beyond the images with a name in them, as a registry needs it: content that was pushed, what of
 * it a manifest needs, and what refers to what. Content that no name reaches stays for {@link HOLDING_GRACE_MS} after it
 * was held. Every change is durable when its call returns.
 */
export interface Holdings {
  /** Makes content part of a repository; `parts` are what a manifest needs. */
  hold(kind: HoldingKind, repository: Repository, what: Descriptor, parts?: readonly Digest[]): void
  /** What a repository holds under a digest, by itself or as a part of an image with a name in it. */
  find(kind: HoldingKind, repository: Repository, digest: Digest): Descriptor | undefined
  /** Whether an image that has a name in the repository, and is not what is asked for itself, consists of it. */
  isNeeded(kind: HoldingKind, repository: Repository, digest: Digest): boolean
  /** Takes content out of a repository; tells whether it was held there by itself. */
  drop(kind: HoldingKind, repository: Repository, digest: Digest): boolean
  /** Notes that a manifest has a subject. */
  refer(repository: Repository, subject: Digest, referrer: Descriptor): void
  /** The manifests that have a subject, in the order of their digests. */
  referrers(repository: Repository, subject: Digest, page: HoldingsPage): Descriptor[]
  /** Forgets that a manifest has a subject. */
  unrefer(repository: Repository, subject: Digest, referrer: Digest): void
  /** The full names of the repositories that have a name or hold anything, sorted. */
  repositories(page: HoldingsPage): string[]
  /** The tags of a repository, sorted; `undefined` when it has no name and holds nothing. */
  tags(repository: Repository, page: HoldingsPage): string[] | undefined
}

/** How long content stays that no name reaches: a day, in which a push can end. */
export const HOLDING_GRACE_MS: number = 24 * 60 * 60 * 1000

/** Opens the holdings of a store in its metadata database. */
export function createHoldings({ database, now = Date.now }: HoldingsOptions): Holdings {
  const descriptors = (sql: string, ...params: (string | number)[]): Descriptor[] =>
    database.all(sql, ...params).map(({ descriptor }) => required(asDescriptor(JSON.parse(String(descriptor)))))
  return {
    hold: (kind, repository, what, parts = []) =>
      database.transaction(() => {
        database.run(
          'insert or replace into holdings (repository, kind, digest, descriptor, held_at) values (?, ?, ?, ?, ?)',
          ...[nameOf(repository), kind, what.digest, JSON.stringify(what), now()],
        )
        for (const part of parts) {
          database.run('insert or ignore into parts (whole, part) values (?, ?)', what.digest, part)
        }
      }),
    find(kind, repository, digest) {
      const sql = 'select descriptor from holdings where repository = ? and kind = ? and digest = ?'
      return descriptors(sql, nameOf(repository), kind, digest)[0] ?? findNamed(database, kind, repository, digest)
    },
    isNeeded: (kind, repository, digest) => findNamed(database, kind, repository, digest, digest) !== undefined,
    drop(kind, repository, digest) {
      const params = [nameOf(repository), kind, digest]
      return database.transaction(() => {
        const isHeld = database.all(`select 1 from holdings ${ONE}`, ...params).length > 0
        database.run(`delete from holdings ${ONE}`, ...params)
        return isHeld
      })
    },
    refer(repository, subject, referrer) {
      database.run(
        'insert or replace into referrers (repository, subject, digest, descriptor) values (?, ?, ?, ?)',
        ...[nameOf(repository), subject, referrer.digest, JSON.stringify(referrer)],
      )
    },
    referrers: (repository, subject, { limit, after = '' }) =>
      descriptors(
        'select descriptor from referrers where repository = ? and subject = ? and digest > ? order by digest limit ?',
        ...[nameOf(repository), subject, after, limit],
      ),
    unrefer(repository, subject, referrer) {
      const params = [nameOf(repository), subject, referrer]
      database.run('delete from referrers where repository = ? and subject = ? and digest = ?', ...params)
    },
    repositories: ({ limit, after = '' }) =>
      database
        .all(
          `select name from (select repository as name from holdings union select domain || '/' || path from names)
           where name > ? order by name limit ?`,
          ...[after, limit],
        )
        .map(({ name }) => String(name)),
    tags({ domain, path }, { limit, after = '' }) {
      const tags = database
        .all(
          'select tag from names where domain = ? and path = ? and tag is not null and tag > ? order by tag limit ?',
          ...[domain, path, after, limit],
        )
        .map(({ tag }) => String(tag))
      return tags.length > 0 || isKnown(database, { domain, path }) ? tags : undefined
    },
  }
}

const ONE = 'where repository = ? and kind = ? and digest = ?'

function nameOf({ domain, path }: Repository): string {
  return `${domain}/${path}`
}

function isKnown(database: Database, { domain, path }: Repository): boolean {
  const named = database.all('select 1 from names where domain = ? and path = ? limit 1', domain, path)
  const held = database.all('select 1 from holdings where repository = ? limit 1', nameOf({ domain, path }))
  return named.length + held.length > 0
}

/** Content of images and targets with a name in a repository, but for names that stand for `except`. */
function findNamed(
  database: Database,
  kind: HoldingKind,
  { domain, path }: Repository,
  digest: Digest,
  except?: Digest,
): Descriptor | undefined {
  const rows = database.all(
    `select n.target, i.manifest, i.config, i.layers from names n left join images i on i.id = n.image
     where n.domain = ? and n.path = ?`,
    ...[domain, path],
  )
  for (const row of rows) {
    const one = (column: string): Descriptor[] => {
      const text = row[column]
      return typeof text === 'string' ? [required(asDescriptor(JSON.parse(text)))] : []
    }
    if (one('target').some((target) => target.digest === except)) continue
    const layers = typeof row['layers'] === 'string' ? required(asDescriptors(JSON.parse(row['layers']))) : []
    const here = kind === 'manifest' ? [...one('target'), ...one('manifest')] : [...one('config'), ...layers]
    const found = here.find((each) => each.digest === digest)
    if (found !== undefined) return found
  }
  return undefined
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new StoreCorruptError('holdings')
  return value
}

/**
 * Everything that `roots` need by the parts and referrers that are known, the roots themselves included. Part of the
 * caller's transaction.
 */
export function withParts(database: Database, roots: Iterable<Digest>): Set<Digest> {
  const reached = new Set<Digest>(roots)
  const queue = [...reached]
  const next = 'select part as digest from parts where whole = ? union select digest from referrers where subject = ?'
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    for (const row of database.all(next, digest, digest)) {
      const part = String(row['digest'])
      if (!isDigest(part) || reached.has(part)) continue
      reached.add(part)
      queue.push(part)
    }
  }
  return reached
}

/** What is held and young enough to stay, whether a name reaches it or not. Part of the caller's transaction. */
export function freshHoldings(database: Database, nowMs: number): Digest[] {
  return database
    .all('select distinct digest from holdings where held_at > ?', nowMs - HOLDING_GRACE_MS)
    .map(({ digest }) => String(digest))
    .filter(isDigest)
}

/** Forgets what was held of content that nobody needs any more. Part of the caller's transaction. */
export function forgetHoldings(database: Database, digests: readonly Digest[]): void {
  for (const digest of digests) {
    database.run('delete from holdings where digest = ?', digest)
    database.run('delete from parts where whole = ?', digest)
    database.run('delete from referrers where digest = ? or subject = ?', digest, digest)
  }
}
