import { randomUUID } from 'node:crypto'

import { isFileError } from '@drayage/files'

import { StoreCorruptError } from '../errors.ts'
import { applyChange } from '../images/ledger.ts'
import { wholeState } from '../images/present-state.ts'
import type { Database } from '../sql/database.ts'
import { openSqlTables } from '../sql/sql-tables.ts'
import type { Change, FirstChange } from './change.ts'
import {
  appendChanges,
  beginsLine,
  cutJournal,
  findJournal,
  journalLine,
  readHead,
  readLines,
  replaceJournal,
  type JournalLines,
} from './journal.ts'

/** What a rebuild leaves to be brought back: the records of layers, and images that only their blobs tell of. */
export type Due = 'layers' | 'blobs'

/** The size up to which a journal is left as it is, in bytes. */
const SMALL_BYTES = 64 * 1024

/** How often what the state needs a journal may hold. */
const MOST_TIMES = 4

/** How far a database has applied its journal. */
interface Applied {
  readonly id: string
  readonly generation: number
  /** The bytes that are applied. */
  readonly position: number
  /** The size at which the journal may be worth to be written anew. */
  readonly checkAt: number
  readonly due: readonly Due[]
}

/** What a replay read. */
export interface Replayed {
  readonly lines: number
  readonly damagedLines: number
}

/** A journal and the database that follows it. All but the constructor is for the time of a transaction of the database. */
export class AppliedJournal {
  readonly #database: Database
  readonly #path: string
  readonly #onRewritten: (problem: string) => void
  /** The file whose first line was compared last. */
  #file = ''
  /** The size with which the database agreed last. */
  #agreed = -1

  /** `onRewritten` is told why a journal was written anew that the database had followed. */
  constructor(database: Database, path: string, onRewritten: (problem: string) => void = () => {}) {
    this.#database = database
    this.#path = path
    this.#onRewritten = onRewritten
  }

  /** Whether the database follows a journal; one that is new, or of an earlier release, does not yet. */
  get isAdopted(): boolean {
    return this.#applied() !== undefined
  }

  get due(): readonly Due[] {
    return this.#applied()?.due ?? []
  }

  /** Whether the database is where the journal is; reads only, also outside of transactions. */
  get isAgreed(): boolean {
    const applied = this.#applied()
    return applied === undefined || this.#isAgreedWith(applied)
  }

  setDue(due: readonly Due[]): void {
    this.#database.run('update journal set due = ?', due.join(' '))
  }

  /**
   * Makes changes durable that the tables have already. The database takes over the new position only when it had all
   * before.
   *
   * @throws FileWriteError `ERR_FILE_WRITE`
   */
  append(changes: readonly Change[]): void {
    const { start, end } = appendChanges(this.#path, changes)
    const applied = this.#applied()
    if (applied === undefined || start !== this.#agreed) return
    this.#setPosition(end)
    if (end > applied.checkAt) this.compact()
  }

  /**
   * Brings the database to where the journal is. What the journal has beyond is applied: a writer died, or a damaged WAL
   * lost it. A journal that is missing, cut off or another is written anew from the tables.
   *
   * @throws StoreCorruptError `ERR_STORE_CORRUPT` when neither can be relied on
   */
  agree(): Replayed {
    const applied = this.#applied()
    if (applied === undefined || this.#isAgreedWith(applied)) return NOTHING
    const size = findJournal(this.#path)?.size ?? 0
    const head = readHead(this.#path)
    const isSame = head?.id === applied.id
    if (isSame && head.generation > applied.generation) {
      // It was written anew, and the database lost that it knew.
      applyChange(openSqlTables(this.#database), { op: 'reset' })
      this.#setApplied({ ...applied, generation: head.generation, position: head.end })
      return this.#replay(head.end)
    }
    const isOurs = isSame && head.generation === applied.generation
    // A first line that is damaged says nothing about the others.
    const isLonger = size > applied.position && beginsLine(this.#path, applied.position)
    const replayed = (isOurs || head === undefined) && isLonger ? this.#replay(applied.position) : NOTHING
    if (!isOurs || size < applied.position) {
      this.#assertIntact()
      this.rewrite(size === 0 ? 'it was lost' : isOurs ? 'its end was lost' : 'its first line was damaged')
    } else if (size === applied.position) {
      this.#remember(size)
    }
    return replayed
  }

  /** Fills empty tables from the journal. */
  adopt(due: readonly Due[]): Replayed {
    const head = readHead(this.#path)
    const { id, generation } = head ?? { id: randomUUID(), generation: 0 }
    this.#setApplied({ id, generation, position: 0, checkAt: SMALL_BYTES, due })
    const replayed = this.#replay(0)
    const isHurt = head === undefined || replayed.damagedLines > 0
    if (isHurt) this.rewrite()
    return replayed
  }

  /** Writes the journal anew, from the tables, when that makes it much smaller. */
  compact(): void {
    const applied = this.#applied()
    if (applied === undefined) return
    let needed = 0
    for (const changes of wholeState(openSqlTables(this.#database))) needed += Buffer.byteLength(journalLine(changes))
    const most = Math.max(SMALL_BYTES, MOST_TIMES * needed)
    try {
      if (applied.position > most) return this.#write(applied.id, applied.generation + 1)
    } catch (error) {
      // As on a full disk: the one that is there is as good.
      if (!isFileError(error)) throw error
    }
    this.#database.run('update journal set check_at = ?', Math.max(most, applied.position + SMALL_BYTES))
  }

  /** Writes another journal, from the tables; `problem` is what was wrong with the one before. */
  rewrite(problem?: string): void {
    this.#write(randomUUID(), 1)
    if (problem !== undefined) this.#onRewritten(problem)
  }

  #write(id: string, generation: number): void {
    const applied = this.#applied()
    const lines = Array.from(wholeState(openSqlTables(this.#database)), journalLine)
    const position = replaceJournal(this.#path, { id, generation }, lines)
    const checkAt = Math.max(SMALL_BYTES, MOST_TIMES * position)
    this.#setApplied({ id, generation, position, checkAt, due: applied?.due ?? [] })
    this.#remember(position)
  }

  /** Applies the lines from `start` on, and takes over where they end. */
  #replay(start: number): Replayed {
    const { lines, end, size } = readLines(this.#path, start)
    if (size > end) cutJournal(this.#path, end)
    const tables = openSqlTables(this.#database)
    for (const change of lines.flatMap((changes) => changes ?? [])) if (isOfToday(change)) applyChange(tables, change)
    this.#setPosition(end)
    const damagedLines = countDamaged(lines)
    const due: Due[] = damagedLines > 0 ? ['layers', 'blobs'] : ['layers']
    if (lines.length > 0) this.setDue([...new Set([...this.due, ...due])])
    return { lines: lines.length, damagedLines }
  }

  #isAgreedWith({ id, generation, position }: Applied): boolean {
    const found = findJournal(this.#path)
    if (found?.size !== position) return false
    if (this.#file !== `${found.file} ${id} ${generation}`) {
      const head = readHead(this.#path)
      if (head?.id !== id || head.generation !== generation) return false
      this.#file = `${found.file} ${id} ${generation}`
    }
    this.#agreed = position
    return true
  }

  /** Takes it for known that the journal is this long. */
  #remember(size: number): void {
    this.#agreed = size
  }

  #assertIntact(): void {
    const [found] = this.#database.all('pragma integrity_check(1)')
    if (found?.['integrity_check'] !== 'ok') throw new StoreCorruptError(this.#database.path)
  }

  #setPosition(position: number): void {
    this.#database.run('update journal set position = ?', position)
    this.#remember(position)
  }

  #applied(): Applied | undefined {
    const [row] = this.#database.all('select * from journal')
    if (row === undefined) return undefined
    return {
      id: String(row['id']),
      generation: Number(row['generation']),
      position: Number(row['position']),
      checkAt: Number(row['check_at']),
      due: String(row['due']).split(' ').filter(isDue),
    }
  }

  #setApplied({ id, generation, position, checkAt, due }: Applied): void {
    this.#database.run('delete from journal')
    this.#database.run(
      'insert into journal (id, generation, position, check_at, due) values (?, ?, ?, ?, ?)',
      ...[id, generation, position, checkAt, due.join(' ')],
    )
  }
}

const NOTHING: Replayed = { lines: 0, damagedLines: 0 }

/** How many lines are damaged. */
export function countDamaged(lines: JournalLines['lines']): number {
  return lines.filter((changes) => changes === undefined).length
}

/** Whether a change is none of the first model, which takes content to read. */
export function isOfToday(change: Change | FirstChange): change is Change {
  return !change.op.startsWith('first-')
}

function isDue(text: string): text is Due {
  return text === 'layers' || text === 'blobs'
}
