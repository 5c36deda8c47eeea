import type { ContentStore } from '../ports.ts'

/** A fresh, empty store to test, and what the suite may do with it. */
export interface ContentStoreHarness {
  readonly store: ContentStore
  /** Ends the store and removes what it holds. */
  close(): Promise<void>
  /** Opens the same content by another instance, as another process would; the cases of that kind need it. */
  reopen?(): Promise<ContentStore>
  /** How many files, sockets or other handles are open; the cases about leaks need it. */
  openHandles?(): Promise<number>
}

/** One requirement; `run` rejects when the store does not meet it. */
export interface ConformanceCase {
  readonly name: string
  run(): Promise<void>
}

/** A requirement before it is bound to a store. */
export interface StoreCase {
  readonly name: string
  /** What of the harness the case cannot do without. */
  readonly needs?: 'reopen' | 'openHandles'
  check(harness: ContentStoreHarness): Promise<void>
}
