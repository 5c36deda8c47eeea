import type { Digest } from '@drayage/digest'
import type { Reference } from '@drayage/reference'

import type { Change } from '../journal/change.ts'
import type { NameRecord } from '../stored-image.ts'
import type { Tables } from '../tables.ts'
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
    ...[...targets].flatMap((target) => presentTarget(tables, target)),
    ...[...names.values()].map((name) => presentName(tables, name)),
  ]
}

function targetOf(change: Change): Digest | undefined {
  if (change.op === 'put' || change.op === 'name') return change.target.digest
  return change.op === 'drop' || change.op === 'shed' ? change.target : undefined
}

function presentTarget({ targets, contents }: Tables, target: Digest): Change[] {
  const row = targets.get(target)
  const put: Change[] =
    row === undefined ? [] : [{ op: 'put', target: row.target, contents: contents.of(target), atMs: row.addedAtMs }]
  return [{ op: 'drop', target }, ...put]
}

function presentName({ names }: Tables, name: Reference): Change {
  const record = names.get(storedNameText(name))
  return record === undefined ? { op: 'unname', name } : nameChange(record)
}

/** The change that gives a name as it is. */
export function nameChange({ name, target, isPinned, namedAtMs }: NameRecord): Change & { readonly op: 'name' } {
  return { op: 'name', name, target, isPinned, atMs: namedAtMs }
}
