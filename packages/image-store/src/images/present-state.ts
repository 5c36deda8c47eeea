import type { Digest } from '@drayage/digest'
import { formatRepository, type Reference } from '@drayage/reference'

import type { Change, HoldingChange } from '../journal/change.ts'
import type { NameRecord } from '../stored-image.ts'
import type { HoldingRow, ReferrerRow, TargetRow, Tables } from '../tables.ts'
import { withoutFacts } from './content-row.ts'
import { storedNameText } from './name-rules.ts'

/** What some tables hold of that which some changes are about, as changes that bring any other state to it. */
export function presentState(tables: Tables, changes: readonly Change[]): Change[] {
  const targets = new Set(changes.flatMap((change) => targetOf(change) ?? []))
  const names = new Map<string, Reference>()
  for (const change of changes) {
    if (change.op === 'name' || change.op === 'unname') names.set(storedNameText(change.name), change.name)
  }
  for (const target of targets)
    for (const { reference, name } of tables.names.ofTarget(target)) names.set(reference, name)
  return [
    // A target goes after the names that stand for it.
    ...[...names.values()].map((name): Change => ({ op: 'unname', name })),
    ...[...targets].flatMap((target) => presentTarget(tables, target)),
    ...[...names.keys()].flatMap((name) => tables.names.get(name) ?? []).map(nameChange),
    ...changes.flatMap((change) => presentHolding(tables, change)),
  ]
}

function targetOf(change: Change): Digest | undefined {
  if (change.op === 'put' || change.op === 'name') return change.target.digest
  return change.op === 'drop' || change.op === 'shed' ? change.target : undefined
}

function presentTarget({ targets, contents }: Tables, target: Digest): Change[] {
  const row = targets.get(target)
  if (row === undefined) return [{ op: 'drop', target }]
  const rows = contents.of(target).map(withoutFacts)
  return [
    { op: 'drop', target },
    { op: 'put', target: row.target, contents: rows, atMs: row.addedAtMs },
  ]
}

/** What a failed change of holdings left as it was; parts alone do not make a holding. */
function presentHolding({ holdings }: Tables, change: Change): HoldingChange[] {
  switch (change.op) {
    case 'hold':
    case 'unhold': {
      const { repository } = change
      const digest = change.op === 'hold' ? change.what.digest : change.digest
      const held = holdings
        .list('manifest')
        .find((row) => row.what.digest === digest && formatRepository(row.repository) === formatRepository(repository))
      return [held === undefined ? { op: 'unhold', repository, digest } : holdChange(held)]
    }
    case 'refer':
    case 'unrefer': {
      const { repository, subject } = change
      const digest = change.op === 'refer' ? change.referrer.digest : change.referrer
      const held = holdings
        .listReferrers()
        .filter((row) => row.subject === subject && row.referrer.digest === digest)
        .find((row) => formatRepository(row.repository) === formatRepository(repository))
      return [held === undefined ? { op: 'unrefer', repository, subject, referrer: digest } : referChange(held)]
    }
    default:
      return []
  }
}

/** The change that gives a name as it is. */
export function nameChange({ name, target, isPinned, namedAtMs }: NameRecord): Change & { readonly op: 'name' } {
  return { op: 'name', name, target, isPinned, atMs: namedAtMs }
}

function holdChange({ repository, what, heldAtMs }: HoldingRow): HoldingChange {
  return { op: 'hold', repository, what, atMs: heldAtMs }
}

function referChange({ repository, subject, referrer }: ReferrerRow): HoldingChange {
  return { op: 'refer', repository, subject, referrer }
}

/**
 * All that some tables hold, as changes that bring empty tables to it. What belongs together is given together: a target
 * with its names, a manifest with its parts.
 */
export function* wholeState(tables: Tables): Generator<readonly Change[], void, void> {
  const { targets, contents, names, holdings } = tables
  const named = Map.groupBy(names.list(), ({ target }) => target.digest)
  const held = Map.groupBy(contents.list(), ({ target }) => target)
  for (const { target, addedAtMs } of targets.list().sort(byTime)) {
    const rows = (held.get(target.digest) ?? []).map(({ content }) => withoutFacts(content))
    yield [
      { op: 'put', target, contents: rows, atMs: addedAtMs },
      ...(named.get(target.digest) ?? []).map((name) => nameChange(name)),
    ]
  }
  for (const row of holdings.list('manifest')) yield [holdChange(row)]
  const parts = Map.groupBy(holdings.listParts(), ({ whole }) => whole)
  for (const [whole, rows] of parts) yield [{ op: 'parts', whole, parts: rows.map(({ part }) => part) }]
  for (const row of holdings.listReferrers()) yield [referChange(row)]
}

function byTime(a: TargetRow, b: TargetRow): number {
  return a.addedAtMs - b.addedAtMs || (a.target.digest < b.target.digest ? -1 : 1)
}
