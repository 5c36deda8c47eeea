import { type FsStore, type FsStoreOptions, openFsStore } from './fs-store.ts'

/**
 * Creates a content store in a directory, which any number of processes may use at the same time. A commit resolves once
 * the content would survive a power cut; an ingest survives the death of its holder, whose place is free at once.
 *
 * Every call may throw StoreUnsafeError `ERR_STORE_UNSAFE` and StoreUnwritableError `ERR_STORE_UNWRITABLE`; `append` and
 * `commit` also StoreFullError `ERR_STORE_FULL`, which keeps the bytes, and StoreIoError `ERR_STORE_IO`, which drops them.
 */
export function createFsStore(options: FsStoreOptions): FsStore {
  return openFsStore(options)
}
