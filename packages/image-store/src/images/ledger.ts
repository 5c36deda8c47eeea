import type { Change, HoldingChange } from '../journal/change.ts'
import type { Tables } from '../tables.ts'
import { contentDigest } from './content-row.ts'
import { storedNameText } from './name-rules.ts'
import { presentState } from './present-state.ts'

/** Makes a change as a part of a transaction. */
export type Apply = (change: Change) => void

/** How names, images and what repositories hold change: in the journal, then in the tables. */
export interface Ledger {
  /** Runs `work` alone. What it gives to `apply` takes effect at once, and stays unless it throws. */
  transact<T>(work: (apply: Apply) => T): T
}

/** Makes the changes of a transaction durable, within it. */
export type Append = (changes: readonly Change[]) => void

/** Opens the ledger of some tables; changes are not journaled without `append`. */
export function openLedger(tables: Tables, append?: Append): Ledger {
  return {
    transact(work) {
      let journaled: readonly Change[] = []
      try {
        return tables.transaction(() => {
          const changes: Change[] = []
          const result = work((change) => {
            applyChange(tables, change)
            changes.push(change)
          })
          if (append !== undefined && changes.length > 0) {
            journaled = changes
            append(changes)
          }
          return result
        })
      } catch (error) {
        if (append !== undefined && journaled.length > 0) takeBack(tables, append, journaled)
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
      return reset(tables)
    case 'hold':
    case 'unhold':
    case 'parts':
    case 'refer':
    case 'unrefer':
    case 'forget':
      return applyHolding(tables, change)
  }
}

function applyHolding({ holdings }: Tables, change: HoldingChange): void {
  switch (change.op) {
    case 'hold':
      return holdings.put('manifest', change.repository, change.what, change.atMs)
    case 'unhold':
      return holdings.remove('manifest', change.repository, change.digest)
    case 'parts':
      return holdings.addParts(change.whole, change.parts)
    case 'refer':
      return holdings.addReferrer(change.repository, change.subject, change.referrer)
    case 'unrefer':
      return holdings.removeReferrer(change.repository, change.subject, change.referrer)
    case 'forget':
      for (const digest of change.digests) holdings.forget(digest)
  }
}

function reset(tables: Tables): void {
  const { names, targets, holdings } = tables
  for (const { reference } of names.list()) names.remove(reference)
  for (const { target } of targets.list()) drop(tables, { target: target.digest })
  for (const { repository, what } of holdings.list('manifest')) {
    holdings.remove('manifest', repository, what.digest)
  }
  for (const { whole, part } of holdings.listParts()) holdings.removePart(whole, part)
  for (const { repository, subject, referrer } of holdings.listReferrers()) {
    holdings.removeReferrer(repository, subject, referrer.digest)
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

/** Brings the journal back to what the tables hold, after a transaction that was journaled and then failed. */
function takeBack(tables: Tables, append: Append, failed: readonly Change[]): void {
  try {
    const before = presentState(tables, failed)
    tables.transaction(() => {
      // The tables may have got the change from the journal meanwhile.
      for (const change of before) applyChange(tables, change)
      append(before)
    })
  } catch {
    // The error of the change itself is the one to report; the change was never acknowledged.
  }
}
