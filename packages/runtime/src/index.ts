/**
 * All packages, composed for Node programs from the user's configuration.
 *
 * @packageDocumentation
 */
export type { ArchiveFormat } from './archives/archive-format.ts'
export type { CheckStoreOptions } from './check/check-store.ts'
export type { StoreFinding } from './check/store-finding.ts'
export type { ConversionOptions, WantedCompression } from './copy/conversion-options.ts'
export type { CopyImageOptions } from './copy/copy-options.ts'
export type { DiskUsage, StoreUsage } from './images/disk-usage.ts'
export type { DeletedRemote, DeleteRemoteOptions } from './remote/delete-remote.ts'
export type { ImportedImage, ImportImageOptions } from './archives/import-image.ts'
export type { ContainedManifest } from './images/image-manifests.ts'
export type { HistoryItem } from './images/image-history.ts'
export type { ImageFormat } from './copy/image-format.ts'
export type { FindStoredOptions, FoundImage, FoundStored } from './images/find-stored-image.ts'
export type { ImageInspection, InspectedConfig, InspectImageOptions } from './images/inspect-image.ts'
export type { ImageSummary, ListImagesOptions } from './images/list-images.ts'
export type { LoadedImage, LoadImagesOptions, TakenName } from './archives/load-images.ts'
export type { MemoryStoreOptions } from './store/memory-store.ts'
export type {
  LeftoverSweeper,
  PartChecker,
  Scratch,
  Spooler,
  Store,
  StoreOpener,
  SweptLeftovers,
  MetadataComparer,
} from './store/store.ts'
export type { PrunedImages, PruneImagesOptions } from './images/prune-images.ts'
export type { PlannedImage, PrunePlan } from './images/prune-plan.ts'
export type { PrunePolicy } from './images/prune-policy.ts'
export type { PushedImage } from './images/push-image.ts'
export type { PushImageOptions } from './images/push-options.ts'
export type { PullImageOptions } from './images/pull-image.ts'
export type { ForeignLayersChoice } from './copy/foreign-layers-choice.ts'
export type { AskOptions } from './remote/ask-again.ts'
export type { RemoteReferrersOptions, RemoteTagsOptions, SearchRemoteOptions } from './remote/list-remote.ts'
export type { RemoteManifestOptions } from './remote/remote.ts'
export type { RemovedItem, RemoveImageOptions } from './images/remove-image.ts'
export type { IgnoredSetting } from './registry-configuration/read-config-file.ts'
export type { RegistryConfiguration } from './registry-configuration/registry-configuration.ts'
export type { RegistryFiles } from './registry-configuration/registry-files.ts'
export type { RegistrySettings } from './registry-configuration/load-settings.ts'
export type { AuthConfig } from './remote/with-credentials.ts'
export type { AcceptedLogin, LoginRequest } from './remote/check-login.ts'
export type { KeptLogin, LoggedOut } from './remote/log-in.ts'
export type { RuntimeOptions } from './create-runtime.ts'
export type {
  ImageSettings,
  LoginAccess,
  PlaceAccess,
  RegistryAccess,
  Runtime,
  StoreAccess,
  TransferSettings,
} from './runtime.ts'
export type { RuntimeError, RuntimeErrorCode } from './errors.ts'
export type { FileStoreOptions, StoreDirectoryOptions } from './store/file-store/store-directory.ts'
export type { SaveImagesOptions } from './archives/save-images.ts'
export type { SyncImagesOptions, SyncResult, SyncStatus } from './sync/sync-result.ts'
export type { ImageView, ShownImage } from './images/shown-image.ts'
export type { SweepStoreOptions, SweptStore } from './images/sweep-store.ts'

export { ARCHIVE_FORMATS, DEFAULT_ARCHIVE_FORMAT } from './archives/archive-format.ts'
export { checkConversion } from './copy/conversion-options.ts'
export { IMAGE_IDS } from './runtime.ts'
export { IMAGE_FORMATS } from './copy/image-format.ts'
export { boundMemory } from './bound-memory.ts'
export { checkStore } from './check/check-store.ts'
export { findingText } from './check/store-finding.ts'
export { checkLogin } from './remote/check-login.ts'
export { copyImage, copyImages } from './copy/copy-images.ts'
export { FOREIGN_LAYERS } from './copy/foreign-layers-choice.ts'
export { createRuntime } from './create-runtime.ts'
export { deleteRemote } from './remote/delete-remote.ts'
export { diskUsage, storeUsage } from './images/disk-usage.ts'
export { storedBytes } from './images/prune-plan.ts'
export {
  FilterError,
  ImageChangeError,
  ImageConflictError,
  ImageDamagedError,
  IndexIncompleteError,
  isRuntimeError,
  PlatformConflictError,
  RegistryBlockedError,
  RegistryConfigError,
  RemoteDeleteError,
  StoreLayoutError,
  TransportError,
} from './errors.ts'
export { daemonImageId } from './registry-configuration/daemon-image-id.ts'
export { hostPlatform } from './host-platform.ts'
export { importImage } from './archives/import-image.ts'
export { findStored, findStoredImage } from './images/find-stored-image.ts'
export { imageHistory } from './images/image-history.ts'
export { bytesOnce, imageManifests } from './images/image-manifests.ts'
export { inspectImage } from './images/inspect-image.ts'
export { listImages } from './images/list-images.ts'
export { logIn, logOut } from './remote/log-in.ts'
export { loadImages } from './archives/load-images.ts'
export { openRegistryStorage } from './store/registry-storage.ts'
export { canCheckParts, canSpool, canSweepLeftovers, canCompareMetadata, DEFAULT_INGEST_AGE_MS } from './store/store.ts'
export { storeInDirectory } from './store/file-store/store-in-directory.ts'
export { storeInMemory } from './store/memory-store.ts'
export { checkPruneFilters } from './images/prune-candidates.ts'
export { pruneImages } from './images/prune-images.ts'
export { planImages } from './copy/plan-images.ts'
export { transportsOf } from './places/transports.ts'
export { pullAllTags, pullImage } from './images/pull-image.ts'
export { pushAllTags, pushImage } from './images/push-image.ts'
export { remoteCatalog, remoteReferrers, remoteTags, searchRemote } from './remote/list-remote.ts'
export { openRemote, remoteConfig, remoteConfigOf, remoteManifest, resolveRemote } from './remote/remote.ts'
export { remoteBlob } from './remote/remote-blob.ts'
export { removeImage } from './images/remove-image.ts'
export { removePlatforms } from './images/remove-platforms.ts'
export { saveImages } from './archives/save-images.ts'
export { defaultStoreDirectory } from './store/file-store/store-directory.ts'
export { SWEEP_EVERY_MS, sweepStore } from './images/sweep-store.ts'
export { shownId, showImages } from './images/shown-image.ts'
export { syncImages } from './sync/sync-images.ts'
export { tagImage } from './images/tag-image.ts'
export { withCredentials } from './remote/with-credentials.ts'
