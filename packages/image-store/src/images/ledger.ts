import type { Change } from '../journal/change.ts'
import { appendChanges } from '../journal/journal.ts'
import type { Tables } from '../tables.ts'
import { contentDigest } from './content-row.ts'
import { storedNameText } from './name-rules.ts'
import { presentState } from './present-state.ts'

/** Makes a change as a part of a transaction. */
export type Apply = (change: Change) => void

/** How names and images change: in the journal, then in the tables. */
export interface Ledger {
  /** Runs `work` alone. What it gives to `apply` takes effect at once, and stays unless it throws. */
  transact<T>(work: (apply: Apply) => T): T
}

/** Opens the ledger of some tables; changes are not journaled without a `journal`. */
export function openLedger(tables: Tables, journal?: string): Ledger {
  return {
    transact(work) {
      const changes: Change[] = []
      let journaled = false
      try {
        return tables.transaction(() => {
          const result = work((change) => {
            applyChange(tables, change)
            changes.push(change)
          })
          if (journal !== undefined && changes.length > 0) {
            journaled = true
            appendChanges(journal, changes)
          }
          return result
        })
      } catch (error) {
        if (journaled && journal !== undefined) correct(tables, journal, changes)
        throw error
      }
    },
  }
}

/** Makes one change, as part of the caller's transaction. */
export function applyChange(tables: Tables, change: Change): void {
  const { names, targets } = tables
  switch (change.op) {
    case 'put':
      targets.add({ target: change.target, addedAtMs: change.atMs })
      for (const content of change.contents) tables.contents.add(change.target.digest, content)
      return
    case 'name':
      targets.add({ target: change.target, addedAtMs: change.atMs })
      return names.set(change, change.atMs)
    case 'unname':
      return names.remove(storedNameText(change.name))
    case 'drop':
      return drop(tables, change)
    case 'shed':
      return shed(tables, change)
    case 'reset':
      for (const { reference } of names.list()) names.remove(reference)
      for (const { target } of targets.list()) drop(tables, { target: target.digest })
  }
}

function drop({ targets, contents }: Tables, { target }: Omit<Extract<Change, { op: 'drop' }>, 'op'>): void {
  const held = contents.of(target).map(contentDigest)
  targets.remove(target)
  for (const manifest of held) contents.forgetUnused(manifest)
}

function shed({ contents, holdings }: Tables, { target, manifests }: Extract<Change, { op: 'shed' }>): void {
  // What was pushed may need a manifest as a part of the target, or of an index within.
  const wholes = [target, ...contents.of(target).map(contentDigest)]
  for (const manifest of manifests) {
    contents.remove(target, manifest)
    for (const whole of wholes) holdings.removePart(whole, manifest)
    contents.forgetUnused(manifest)
  }
}

/** Journals what the tables hold after a transaction that was journaled and then failed. */
function correct(tables: Tables, journal: string, failed: readonly Change[]): void {
  try {
    tables.transaction(() => appendChanges(journal, presentState(tables, failed)))
  } catch {
    // The error of the change itself is the one to report; the change was never acknowledged.
  }
}
