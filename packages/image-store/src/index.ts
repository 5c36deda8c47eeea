/**
 * Images by ID, names to targets and the metadata database.
 *
 * @packageDocumentation
 */
export type { ContentSource, NewSource } from './sources.ts'
export type { AbortOptions } from './abort-options.ts'
export type { ContentLeases, ContentLeasesOptions } from './content-leases.ts'
export type { Database, OpenDatabaseOptions, Row, SqlValue } from './database.ts'
export type { HoldingKind, Holdings, HoldingsOptions, HoldingsPage } from './holdings.ts'
export type { ImageRecord, ListedImage, NameRecord, NameTarget, NewImage } from './image-record.ts'
export type { ImageStore, ImageStoreOptions, RemovalOptions } from './image-store.ts'
export type { ImageStoreError, ImageStoreErrorCode } from './errors.ts'
export type { RebuildOptions, RebuildResult } from './rebuild.ts'
export type { RemovalPlan } from './removal.ts'
export type { UploadRecord, UploadRecords } from './upload-records.ts'

export { createContentLeases, DEFAULT_LEASE_MS } from './content-leases.ts'
export { createHoldings, HOLDING_GRACE_MS } from './holdings.ts'
export { createImageStore } from './image-store.ts'
export { DEFAULT_BUSY_TIMEOUT_MS, openDatabase } from './database.ts'
export {
  AmbiguousImageError,
  ImageConflictError,
  ImageNotFoundError,
  isImageStoreError,
  NameRefusedError,
  StoreBusyError,
  StoreCorruptError,
  StoreVersionError,
} from './errors.ts'
export { LAYOUT_VERSION } from './schema.ts'
export { MAX_SOURCES } from './sources.ts'
export { rebuildImageStore } from './rebuild.ts'
export { createUploadRecords } from './upload-records.ts'
