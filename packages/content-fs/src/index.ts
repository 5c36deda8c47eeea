/**
 * A content store on a file system: durable commits, resumable ingests shared by processes.
 *
 * @packageDocumentation
 */
export type { FsStore, FsStoreOptions } from './fs-store.ts'
export type { StoreError, StoreErrorCode, StoreErrorOptions } from './errors.ts'
export type { BegunIngest, SweepOptions, SweepResult } from './sweep-ingests.ts'

export { createFsStore } from './fs-store.ts'
export {
  isStoreError,
  storeFailure,
  StoreFullError,
  StoreIoError,
  StoreUnsafeError,
  StoreUnwritableError,
} from './errors.ts'
