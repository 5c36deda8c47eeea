/**
 * Everything composed for Node programs from the configuration of the user.
 *
 * @packageDocumentation
 */
export type { ArchiveFormat } from './archive-format.ts'
export type { ConversionOptions, WantedCompression } from './conversion-options.ts'
export type { CopyImageOptions } from './copy-options.ts'
export type { DiskUsage } from './disk-usage.ts'
export type { DeletedRemote, DeleteRemoteOptions } from './delete-remote.ts'
export type { ImportedImage, ImportImageOptions } from './import-image.ts'
export type { HistoryItem } from './image-history.ts'
export type { ImageFormat } from './image-format.ts'
export type { ImageInspection, InspectedConfig } from './inspect-image.ts'
export type { ImageSummary, ListImagesOptions } from './list-images.ts'
export type { LoadedImage, LoadImagesOptions, TakenName } from './load-images.ts'
export type { LocalStore } from './local-store.ts'
export type { PrunedImages, PruneImagesOptions } from './prune-images.ts'
export type { PushedImage, PushImageOptions } from './push-image.ts'
export type { PullImageOptions } from './pull-image.ts'
export type { RemoteBlobOptions } from './remote-blob.ts'
export type { RemoteManifestOptions } from './remote.ts'
export type { RemovedItem, RemoveImageOptions } from './remove-image.ts'
export type { IgnoredSetting } from './registry-configuration/read-config-file.ts'
export type { RegistryConfiguration } from './registry-configuration/registry-configuration.ts'
export type { RegistryFiles } from './registry-configuration/registry-files.ts'
export type { RegistrySettings } from './registry-configuration/load-settings.ts'
export type { AuthConfig } from './with-credentials.ts'
export type { AcceptedLogin, LoginRequest } from './check-login.ts'
export type { KeptLogin, LoggedOut } from './log-in.ts'
export type { Runtime, RuntimeOptions } from './create-runtime.ts'
export type { RuntimeError, RuntimeErrorCode } from './errors.ts'
export type { StoreDirectoryOptions } from './store-directory.ts'
export type { SaveImagesOptions } from './save-images.ts'
export type { SyncImagesOptions, SyncResult, SyncStatus } from './sync-images.ts'
export type { SweepStoreOptions, SweptStore } from './sweep-store.ts'

export { ARCHIVE_FORMATS, DEFAULT_ARCHIVE_FORMAT } from './archive-format.ts'
export { checkConversion } from './conversion-options.ts'
export { IMAGE_FORMATS } from './image-format.ts'
export { boundMemory } from './bound-memory.ts'
export { checkLogin } from './check-login.ts'
export { copyImage } from './copy-image.ts'
export { copyImages } from './copy-images.ts'
export { createRuntime } from './create-runtime.ts'
export { deleteRemote } from './delete-remote.ts'
export { diskUsage } from './disk-usage.ts'
export {
  FilterError,
  ImageChangeError,
  isRuntimeError,
  RegistryBlockedError,
  RegistryConfigError,
  RemoteDeleteError,
  StoreLayoutError,
  TransportError,
} from './errors.ts'
export { hostPlatform } from './host-platform.ts'
export { importImage } from './import-image.ts'
export { imageHistory } from './image-history.ts'
export { inspectImage } from './inspect-image.ts'
export { listImages } from './list-images.ts'
export { logIn, logOut } from './log-in.ts'
export { loadImages } from './load-images.ts'
export { openRegistryStorage } from './registry-storage.ts'
export { openLocalStore } from './local-store.ts'
export { pruneImages } from './prune-images.ts'
export { planImages } from './plan-images.ts'
export { pullAllTags, pullImage } from './pull-image.ts'
export { pushAllTags, pushImage } from './push-image.ts'
export { openRemote, remoteConfig, remoteManifest } from './remote.ts'
export { remoteBlob } from './remote-blob.ts'
export { removeImage } from './remove-image.ts'
export { saveImages } from './save-images.ts'
export { defaultStoreDirectory } from './store-directory.ts'
export { DEFAULT_INGEST_AGE_MS, SWEEP_EVERY_MS, sweepStore } from './sweep-store.ts'
export { syncImages } from './sync-images.ts'
export { tagImage } from './tag-image.ts'
export { withCredentials } from './with-credentials.ts'
