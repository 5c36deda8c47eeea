import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { formatRepository } from '@drayage/reference'

import type { HoldingKind } from '../ports.ts'
import type { NameRecord } from '../stored-image.ts'
import type { HoldingTable } from '../tables.ts'
import { by, pageOf, type Rows } from './rows.ts'

/** Content that a repository holds. */
export interface HoldingRow {
  readonly kind: HoldingKind
  readonly repository: string
  readonly what: Descriptor
  readonly heldAtMs: number
}

/** A manifest with a subject. */
export interface ReferrerRow {
  readonly repository: string
  readonly subject: Digest
  readonly referrer: Descriptor
}

/** The rows that holdings are made of. */
export interface HoldingRows {
  readonly named: Rows<NameRecord>
  readonly held: Rows<HoldingRow>
  readonly parts: Rows<{ readonly whole: Digest; readonly part: Digest }>
  readonly referring: Rows<ReferrerRow>
}

/** What repositories hold, in memory. */
export function memoryHoldings({ named, held, parts, referring }: HoldingRows): HoldingTable {
  const repositories = (): Set<string> =>
    new Set([
      ...held.where().map(({ repository }) => repository),
      ...named.where().map(({ name }) => formatRepository(name)),
    ])
  return {
    put(kind, repository, what, heldAtMs) {
      const row = { repository: formatRepository(repository), kind, what, heldAtMs }
      held.set(keyOf(row), row)
    },
    get: (kind, repository, digest) => held.get(`${formatRepository(repository)} ${kind} ${digest}`)?.what,
    remove: (kind, repository, digest) => held.remove(`${formatRepository(repository)} ${kind} ${digest}`),
    isHeldSince: (digest, heldAtMs) =>
      held.where((row) => row.what.digest === digest && row.heldAtMs > heldAtMs).length > 0,
    correctTimes(nowMs) {
      for (const row of held.where(({ heldAtMs }) => heldAtMs > nowMs))
        held.set(keyOf(row), { ...row, heldAtMs: nowMs })
    },
    hasRepository: (repository) => repositories().has(formatRepository(repository)),
    repositories: (page) => pageOf([...repositories()], page),
    addParts(whole, all) {
      for (const part of all) parts.set(`${whole} ${part}`, { whole, part })
    },
    removePart: (whole, part) => parts.remove(`${whole} ${part}`),
    addReferrer(repository, subject, referrer) {
      const name = formatRepository(repository)
      referring.set(`${name} ${subject} ${referrer.digest}`, { repository: name, subject, referrer })
    },
    referrers: (repository, subject, { limit, after = '' }) =>
      referring
        .where((row) => row.repository === formatRepository(repository) && row.subject === subject)
        .map(({ referrer }) => referrer)
        .filter(({ digest }) => digest > after)
        .sort(by(({ digest }) => digest))
        .slice(0, limit),
    removeReferrer: (repository, subject, referrer) =>
      referring.remove(`${formatRepository(repository)} ${subject} ${referrer}`),
    keepersOf: (digest) => [
      ...parts.where(({ part }) => part === digest).map(({ whole }) => whole),
      ...referring.where(({ referrer }) => referrer.digest === digest).map(({ subject }) => subject),
    ],
    forget(digest) {
      held.removeWhere(({ what }) => what.digest === digest)
      parts.removeWhere(({ whole }) => whole === digest)
      referring.removeWhere(({ subject, referrer }) => subject === digest || referrer.digest === digest)
    },
  }
}

function keyOf({ repository, kind, what }: Omit<HoldingRow, 'heldAtMs'>): string {
  return `${repository} ${kind} ${what.digest}`
}
