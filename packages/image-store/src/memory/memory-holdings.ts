import type { Digest } from '@drayage/digest'
import { formatRepository } from '@drayage/reference'

import type { HoldingKind } from '../ports.ts'
import type { NameRecord } from '../stored-image.ts'
import type { HoldingRow, HoldingTable, ReferrerRow } from '../tables.ts'
import { by, pageOf, type Rows } from './rows.ts'

/** What is held, and as what. */
type HeldRow = HoldingRow & { readonly kind: HoldingKind }

/** The rows that holdings are made of. */
export interface HoldingRows {
  readonly named: Rows<NameRecord>
  readonly held: Rows<HeldRow>
  readonly parts: Rows<{ readonly whole: Digest; readonly part: Digest }>
  readonly referring: Rows<ReferrerRow>
}

/** What repositories hold, in memory. */
export function memoryHoldings({ named, held, parts, referring }: HoldingRows): HoldingTable {
  const repositories = (): Set<string> =>
    new Set([
      ...held.where().map(({ repository }) => formatRepository(repository)),
      ...named.where().map(({ name }) => formatRepository(name)),
    ])
  return {
    put(kind, repository, what, heldAtMs) {
      const row = { repository, kind, what, heldAtMs }
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
    list: (kind) => held.where((row) => row.kind === kind),
    hasRepository: (repository) => repositories().has(formatRepository(repository)),
    repositories: (page) => pageOf([...repositories()], page),
    addParts(whole, all) {
      for (const part of all) parts.set(`${whole} ${part}`, { whole, part })
    },
    listParts: () => parts.where(),
    removePart: (whole, part) => parts.remove(`${whole} ${part}`),
    addReferrer(repository, subject, referrer) {
      const key = `${formatRepository(repository)} ${subject} ${referrer.digest}`
      referring.set(key, { repository, subject, referrer })
    },
    referrers: (repository, subject, { limit, after = '' }) =>
      referring
        .where((row) => row.subject === subject && formatRepository(row.repository) === formatRepository(repository))
        .map(({ referrer }) => referrer)
        .filter(({ digest }) => digest > after)
        .sort(by(({ digest }) => digest))
        .slice(0, limit),
    listReferrers: () => referring.where(),
    removeReferrer: (repository, subject, referrer) =>
      referring.remove(`${formatRepository(repository)} ${subject} ${referrer}`),
    keepersOf: (digest) => [
      ...parts.where(({ part }) => part === digest).map(({ whole }) => whole),
      ...referring.where(({ referrer }) => referrer.digest === digest).map(({ subject }) => subject),
    ],
    knows: (digest) =>
      [
        ...held.where(({ what }) => what.digest === digest),
        ...parts.where(({ whole }) => whole === digest),
        ...referring.where(({ subject, referrer }) => subject === digest || referrer.digest === digest),
      ].length > 0,
    forget(digest) {
      held.removeWhere(({ what }) => what.digest === digest)
      parts.removeWhere(({ whole }) => whole === digest)
      referring.removeWhere(({ subject, referrer }) => subject === digest || referrer.digest === digest)
    },
  }
}

function keyOf({ repository, kind, what }: Omit<HeldRow, 'heldAtMs'>): string {
  return `${formatRepository(repository)} ${kind} ${what.digest}`
}
