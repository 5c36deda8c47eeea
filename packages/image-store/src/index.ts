/**
 * The metadata of a store: names and what they stand for, sources, leases, and what a registry holds.
 *
 * @packageDocumentation
 */
export type { Database, OpenDatabaseOptions, Row, SqlValue } from './sql/database.ts'
export type { DatabaseMetadataOptions, MetadataOptions } from './metadata.ts'
export type { ImageStoreError, ImageStoreErrorCode } from './errors.ts'
export type { RecoverOptions } from './journal/recover-images.ts'
export type { RebuildOptions, RebuildResult } from './journal/rebuild.ts'
export type {
  ListedFacts,
  NameRecord,
  NewContent,
  NewName,
  OtherContent,
  PlatformImage,
  StoredImage,
} from './stored-image.ts'
export type { MetadataFault } from './journal/soundness.ts'
export type { LayerRecords, RebuiltDatabase, StoreDatabase, StoreDatabaseOptions } from './sql/store-database.ts'
export type { Due } from './journal/applied-journal.ts'
export type { TakeOverOptions } from './sql/take-over.ts'
export type {
  ConfigReader,
  ContentSource,
  FactRecords,
  FoundImages,
  ImageFinder,
  ImagePutter,
  ImageReader,
  ImageRemover,
  ImageStore,
  NameReader,
  NameSetter,
  NewSource,
  PutImageOptions,
  Removal,
  Removed,
  SourceRecords,
  UseRecords,
} from './image-ports.ts'
export type {
  ContentHolder,
  ContentLeaser,
  ContentLeases,
  ContentSweeper,
  HolderLife,
  HoldingKind,
  Holdings,
  HoldingsPage,
  HoldOptions,
  Metadata,
  ReferrerRecords,
  RepositoryLister,
  SweepContentOptions,
  UploadRecord,
  UploadRecords,
} from './ports.ts'

export { DEFAULT_BUSY_TIMEOUT_MS, hasPresentLayout, openDatabase } from './sql/database.ts'
export {
  AmbiguousImageError,
  DatabaseWriteError,
  ImageNotFoundError,
  isImageStoreError,
  LeaseLostError,
  NameRefusedError,
  StoreBusyError,
  StoreCorruptError,
  StoreVersionError,
} from './errors.ts'
export { builtAt, builtAtMs, NO_TIME } from './images/built-at.ts'
export { createMemoryMetadata, createMetadata } from './metadata.ts'
export { DEFAULT_LEASE_MS } from './leases.ts'
export { HOLDING_GRACE_MS } from './ports.ts'
export { USE_PRECISION_MS } from './image-ports.ts'
export { MAX_SOURCES } from './images/image-store.ts'
export { recoverImages } from './journal/recover-images.ts'
export { rebuildImageStore } from './journal/rebuild.ts'
export { openStoreDatabase } from './sql/open-store-database.ts'
export { takeOverFirstModel } from './sql/take-over.ts'
