import { StoreCorruptError } from '../errors.ts'
import { AppliedJournal, type Due } from '../journal/applied-journal.ts'
import { isOfBefore } from '../journal/journal.ts'
import { planRebuild } from '../journal/rebuild.ts'
import { findFault, type MetadataFault } from '../journal/soundness.ts'
import {
  DEFAULT_BUSY_TIMEOUT_MS,
  isStoreBusy,
  openNow,
  type Database,
  type Row,
  type Sqlite,
  type SqlValue,
} from './database.ts'
import { openSeenFile, type SeenFile } from './seen-file.ts'
import { identifyFile, setAside } from './set-aside.ts'
import type { StoreDatabase, StoreDatabaseOptions } from './store-database.ts'
import { dropEmptyFirstModel, takeOverFirstModel } from './take-over.ts'

/** How long to wait before the next look at a database that another process holds. */
export const RETRY_AFTER_MS = 20

/** How often in a row a file may be exchanged while it is opened. */
const MOST_TRIES = 10

/** Whether a database holds nothing of what a journal tells. */
function isEmpty(database: Database): boolean {
  const kept = ['targets', 'names', 'holdings', 'referrers'].map(
    (table) => `select 1 from (select 1 from ${table} limit 1)`,
  )
  return database.all(kept.join(' union all ')).length === 0
}

/** A database that replaces its file; see {@link StoreDatabase}. */
export class HealingDatabase implements Disposable {
  readonly path: string
  /** Whether there was anything that a database knew of. */
  isUsed = true
  readonly #sqlite: Sqlite
  readonly #options: StoreDatabaseOptions
  readonly #busyTimeoutMs: number
  readonly #seen: SeenFile
  #inner: Database | undefined
  #journal: AppliedJournal | undefined
  /** The file that is open. */
  #file = ''
  #aside: string | undefined
  #depth = 0
  #isClosed = false

  constructor(sqlite: Sqlite, path: string, options: StoreDatabaseOptions) {
    this.path = path
    this.#sqlite = sqlite
    this.#options = options
    this.#busyTimeoutMs = options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS
    this.#seen = openSeenFile(path, options.journal)
  }

  run(sql: string, ...params: SqlValue[]): void {
    this.#healing((inner) => inner.run(sql, ...params))
  }

  all(sql: string, ...params: SqlValue[]): Row[] {
    return this.#healing((inner) => inner.all(sql, ...params))
  }

  transaction<T>(work: () => T): T {
    return this.#healing((inner, journal) =>
      inner.transaction(() => {
        if (this.#depth === 0) journal.agree()
        return this.#within(work)
      }),
    )
  }

  snapshot<T>(work: () => T): T {
    return this.#healing((inner) => inner.snapshot(() => this.#within(work)))
  }

  /** Keeps the file for as long as `work` runs. */
  #within<T>(work: () => T): T {
    this.#depth++
    try {
      return work()
    } finally {
      this.#depth--
    }
  }

  examine(): MetadataFault | undefined {
    return this.#healing((inner, journal) => inner.transaction(() => this.#faultOf(inner, journal)))
  }

  verify(): void {
    const fault = this.#healing((inner, journal) => this.#mendJournal(inner, journal))
    if (fault?.part === 'database') this.rebuild()
  }

  rebuild(): void {
    this.#close()
    this.#aside = setAside(this.#sqlite, this.path, this.#file) ?? this.#aside
    this.#reopen()
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#inner?.[Symbol.dispose]()
    this.#seen.remember()
  }

  /** What others see of it: an object that can be spread. */
  asObject(): StoreDatabase {
    return {
      path: this.path,
      isNew: this.#inner?.isNew ?? false,
      run: (sql, ...params) => this.run(sql, ...params),
      all: (sql, ...params) => this.all(sql, ...params),
      transaction: (work) => this.transaction(work),
      snapshot: (work) => this.snapshot(work),
      append: (changes) => this.#journal?.append(changes),
      due: () => this.#healing((_inner, journal) => journal.due),
      settle: () => this.#healing((_inner, journal) => journal.setDue([])),
      examine: () => this.examine(),
      verify: () => this.verify(),
      rebuild: () => this.rebuild(),
      [Symbol.dispose]: () => this[Symbol.dispose](),
    }
  }

  /** Whether the files are those that the last process closed. */
  isAsSeen(): boolean {
    return this.#seen.isAsSeen()
  }

  /** Opens the file, or a new one in its place; does not wait for others that hold it for long. */
  open(): void {
    for (let tries = 1; ; tries++) {
      const found = identifyFile(this.path)
      try {
        if (found !== undefined && !this.#seen.isAsSeen()) this.#checkAlone()
        const inner = openNow(this.#sqlite, this.path, { busyTimeoutMs: this.#busyTimeoutMs })
        const file = identifyFile(this.path)?.file
        if (file !== undefined && (found === undefined || found.file === file)) return this.#use(inner, file)
        inner[Symbol.dispose]()
      } catch (error) {
        this.#close()
        if (!(error instanceof StoreCorruptError) || found === undefined || tries >= MOST_TRIES) throw error
        this.#aside = setAside(this.#sqlite, this.path, found.file) ?? this.#aside
      }
      if (tries >= MOST_TRIES) throw new StoreCorruptError(this.path)
    }
  }

  /** Takes over what an earlier release left: its tables, or its journal where they are lost. */
  async adoptEarlier(): Promise<void> {
    const { content, journal: path, signal } = this.#options
    const [inner, journal] = this.#opened()
    if (journal.isAdopted) return
    await takeOverFirstModel({ database: inner, content, journal: path, signal })
    const wasEmpty = isEmpty(inner)
    const plan = await planRebuild({ database: inner, content, journal: path, signal })
    const isDone = inner.transaction(() => {
      if (journal.isAdopted) return false
      plan.fill()
      journal.rewrite()
      if (wasEmpty) journal.setDue(plan.result.damagedLines > 0 ? ['layers', 'blobs'] : ['layers'])
      return true
    })
    if (isDone && wasEmpty && !isEmpty(inner)) this.#tell(inner, plan.result.damagedLines)
  }

  #use(inner: Database, file: string): void {
    const journal = this.#journalOf(inner)
    this.#inner = inner
    this.#journal = journal
    this.#file = file
    if (!journal.isAdopted) return this.#adoptNow(inner, journal)
    if (!journal.isAgreed) this.#agreeUnlessHeld(inner, journal)
  }

  /** Whoever stands still in the middle of a change keeps nobody from reading: the change is not acknowledged yet. */
  #agreeUnlessHeld(inner: Database, journal: AppliedJournal): void {
    try {
      inner.transaction(() => journal.agree())
    } catch (error) {
      if (!isStoreBusy(error)) throw error
    }
  }

  /** Fills a new database from its journal, unless it takes content to read that: see {@link adoptEarlier}. */
  #adoptNow(inner: Database, journal: AppliedJournal): void {
    if (isOfBefore(this.#options.journal)) return
    const replayed = inner.transaction(() => {
      if (journal.isAdopted || !isEmpty(inner) || !dropEmptyFirstModel(inner)) return undefined
      const adopted = journal.adopt([])
      if (this.isUsed && adopted.lines === 0) journal.setDue(['layers', 'blobs'])
      return adopted
    })
    if (replayed !== undefined && (this.isUsed || replayed.lines > 0)) this.#tell(inner, replayed.damagedLines)
  }

  #tell(inner: Database, damagedLines: number): void {
    const names = Number(inner.all('select count(*) as names from names')[0]?.['names'])
    this.#options.onRebuilt?.({ path: this.path, aside: this.#aside, names, damagedLines })
    this.#aside = undefined
  }

  /** Compares with the journal what was not closed as it is; not where another process has done so, which has it open. */
  #checkAlone(): void {
    let alone: Database
    try {
      alone = openNow(this.#sqlite, this.path, { busyTimeoutMs: 0, isExclusive: true })
    } catch (error) {
      if (isStoreBusy(error)) return
      throw error
    }
    try {
      const journal = this.#journalOf(alone)
      const fault = journal.isAdopted ? this.#mendJournal(alone, journal) : undefined
      if (fault?.part === 'database') throw new StoreCorruptError(this.path)
    } finally {
      alone[Symbol.dispose]()
    }
  }

  #journalOf(database: Database): AppliedJournal {
    return new AppliedJournal(database, this.#options.journal, this.#options.onRewritten)
  }

  /** What is damaged; a journal that is gets replaced. */
  #mendJournal(database: Database, applied: AppliedJournal): MetadataFault | undefined {
    return database.transaction(() => {
      const fault = this.#faultOf(database, applied)
      if (fault?.part === 'journal') applied.rewrite(fault.problem)
      else if (fault === undefined) applied.compact()
      return fault
    })
  }

  #faultOf(database: Database, applied: AppliedJournal): MetadataFault | undefined {
    const { journal } = this.#options
    const openEmpty = (): Database => openNow(this.#sqlite, ':memory:', { busyTimeoutMs: 0 })
    const fault = findFault({ database, applied, journal, openEmpty })
    if (fault?.part === 'database' || this.#areLayersSound(database, applied)) return fault
    return { part: 'database', problem: 'its records of layers do not fit together' }
  }

  /** Whether the records of layers are right, down to holders, which can be mended. */
  #areLayersSound(database: Database, applied: AppliedJournal): boolean {
    const { layers } = this.#options
    if (layers === undefined) return true
    layers.prepare(database)
    const images = database.all('select distinct image from contents where image is not null')
    const fault = layers.findFault(database, new Set(images.map(({ image }) => String(image))))
    if (fault === 'holders') applied.setDue([...new Set<Due>([...applied.due, 'layers'])])
    return fault !== 'records'
  }

  /** Does `work` with the file that has the name now, and again after a rebuild when that is damaged. */
  #healing<T>(work: (inner: Database, journal: AppliedJournal) => T): T {
    if (this.#depth > 0) return work(...this.#opened())
    if (!this.#isClosed && identifyFile(this.path)?.file !== this.#file) this.#reopen()
    try {
      return work(...this.#opened())
    } catch (error) {
      if (!(error instanceof StoreCorruptError) || this.#isClosed) throw error
      this.rebuild()
      return work(...this.#opened())
    }
  }

  #reopen(): void {
    this.#close()
    for (const deadline = performance.now() + this.#busyTimeoutMs; ;) {
      try {
        this.open()
        break
      } catch (error) {
        if (!isStoreBusy(error) || performance.now() >= deadline) throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_AFTER_MS)
      }
    }
    const [inner] = this.#opened()
    this.#options.layers?.prepare(inner)
  }

  #close(): void {
    this.#inner?.[Symbol.dispose]()
    this.#inner = undefined
    this.#journal = undefined
  }

  #opened(): [Database, AppliedJournal] {
    if (this.#inner === undefined || this.#journal === undefined) throw new StoreCorruptError(this.path)
    return [this.#inner, this.#journal]
  }
}
