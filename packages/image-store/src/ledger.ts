import type { Database } from './database.ts'
import { openImages, type ImageTable } from './images.ts'
import { appendChanges, type Change } from './journal.ts'
import { openNames, storedNameText, type NameTable } from './names.ts'

/** Names and images, and how they change: first in the journal, then in the database. */
export interface Ledger {
  readonly names: NameTable
  readonly images: ImageTable
  /** Reads or decides something with the database to itself; what it gives to `change` is done at its end. */
  transact<T>(work: (change: (...changes: Change[]) => void) => T): T
}

/** Opens the ledger in `database`; changes are not journaled without a `journal`. */
export function openLedger(database: Database, journal?: string): Ledger {
  const names = openNames(database)
  const images = openImages(database)
  const ledger = { names, images }

  return {
    ...ledger,
    transact(work) {
      const changes: Change[] = []
      let journaled = false
      try {
        return database.transaction(() => {
          const result = work((...more) => void changes.push(...more))
          for (const change of changes) applyChange(ledger, change)
          if (journal !== undefined && changes.length > 0) {
            journaled = true
            appendChanges(journal, changes)
          }
          return result
        })
      } catch (error) {
        // The journal may tell what the database did not take: it is told what the database holds now.
        if (journaled && journal !== undefined) correct(database, ledger, journal, changes)
        throw error
      }
    },
  }
}

/** Makes one change, as part of the caller's transaction. */
export function applyChange({ names, images }: Pick<Ledger, 'names' | 'images'>, change: Change): void {
  switch (change.op) {
    case 'name':
      return names.set(change.name, change, change.atMs)
    case 'unname':
      return names.remove(storedNameText(change.name))
    case 'image':
      return images.put(change.image, change.atMs)
    case 'unimage':
      return images.remove(change.id)
  }
}

function correct(
  database: Database,
  ledger: Pick<Ledger, 'names' | 'images'>,
  journal: string,
  failed: readonly Change[],
): void {
  try {
    database.transaction(() =>
      appendChanges(
        journal,
        failed.map((change) => presentState(ledger, change)),
      ),
    )
  } catch {
    // The error of the change itself is the one to report; the change was never acknowledged.
  }
}

/** What the database holds now of that which `change` is about, as a change. */
function presentState({ names, images }: Pick<Ledger, 'names' | 'images'>, change: Change): Change {
  if (change.op === 'name' || change.op === 'unname') {
    const { name } = change
    const record = names.get(storedNameText(name))
    if (record === undefined) return { op: 'unname', name }
    return { op: 'name', name: record.name, target: record.target, image: record.image, atMs: record.namedAtMs }
  }
  const id = change.op === 'image' ? change.image.id : change.id
  const record = images.get(id)
  return record === undefined ? { op: 'unimage', id } : { op: 'image', image: record, atMs: record.addedAtMs }
}
