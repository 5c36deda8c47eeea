/**
 * Pull, push, load and copy images over any source and sink, resumable and verified.
 *
 * Knows ports only: registries, stores and archives are passed in.
 *
 * @packageDocumentation
 */
export type { ConvertedGraph } from './convert/convert.ts'
export type { ConvertOptions, LayerRecompression } from './convert/convert-options.ts'
export type { CopyNames, CopyOptions } from './copy/copy.ts'
export type { CopiedContent, CopiedImage } from './receive/copied-content.ts'
export type { TransferOptions } from './copy/context.ts'
export type { ForeignLayers } from './copy/foreign-layers.ts'
export type { SelectCopyOptions } from './copy/copy-selection.ts'
export type { CopyReferrers } from './referrers/gather-referrers.ts'
export type { CopyPlan, PlannedAction, PlannedContent, PlannedTotal } from './copy/plan-copy.ts'
export type { ListContentOptions, ListedContent } from './select/list-content.ts'
export type { PlatformSubset } from './select/platform-subset.ts'
export type { DistributionError, DistributionErrorCode, TransferOperation, TransferSide } from './errors.ts'
export type { DistributionEvent, LayerState, OnEvent } from './events.ts'
export type { DockerLine, FilteredLine } from './words/docker-line.ts'
export type { DockerStatus, ProgressVerb } from './words/docker-status.ts'
export type { LoadedLines } from './words/docker-load.ts'
export type {
  BlobStore,
  ContentKeeper,
  CopySink,
  GraphSink,
  GraphSource,
  ImageRegistrar,
  DiffIdOptions,
  ImageSink,
  ImageWriter,
  LayerMeasurement,
  LayerMeasurer,
  LayerRecompressor,
  LayerRegistrar,
  NamedFetcher,
  NamedManifest,
  NameKeeper,
  ImageName,
  OtherContent,
  PulledImage,
  ReceivedContent,
  RecompressedBlob,
  RecompressRequest,
  RepositoryOpener,
  RepositorySource,
  TagLister,
  WrittenImage,
  ContentExpecter,
  RootPutter,
  TarLayer,
} from './ports.ts'
export type {
  BlobHolders,
  CurrentOptions,
  IndexParts,
  OpenSourceOptions,
  OpenTargetOptions,
  Place,
  PlacedImage,
  PlaceHolds,
  PlaceSink,
  PlaceSource,
  PlaceTarget,
  PlaceView,
  Transport,
} from './places/place.ts'
export type { ParsePlaceOptions } from './places/parse-place.ts'
export type { AttemptContext } from './retry/attempt.ts'
export type { FetchBlobOptions } from './copy/fetch-blob.ts'
export type { FetchStreamOptions } from './retry/fetch-stream.ts'
export type { PushOptions } from './verbs/push.ts'
export type { LoadContentOptions, LoadResult } from './verbs/load.ts'
export type { PullOptions, PullResult } from './verbs/pull.ts'
export type { ReadIndexTreeOptions } from './select/index-tree.ts'
export type { SelectImageOptions } from './select/select-image.ts'
export type { RetryPolicy } from './retry/retry-policy.ts'
export type { CopiedReferrer, CopiedTag, CopySelection } from './copy/selection.ts'

export { convert } from './convert/convert.ts'
export { copy, copySelection } from './copy/copy.ts'
export { copyContext } from './copy/context.ts'
export { holdManifests } from './copy/held-manifests.ts'
export { parsePlace } from './places/parse-place.ts'
export { orByName } from './copy/or-by-name.ts'
export { selectCopy } from './copy/copy-selection.ts'
export {
  DEFAULT_CONCURRENT_DOWNLOADS,
  DEFAULT_CONCURRENT_RECOMPRESSIONS,
  DEFAULT_CONCURRENT_UPLOADS,
  DEFAULT_DOWNLOAD_ATTEMPTS,
  DEFAULT_RETRY_STEP_MS,
  MAX_CONFIG_BYTES,
  DEFAULT_REFERRER_DEPTH,
  MAX_MOUNT_TRIES,
  MAX_REFERRERS_COPIED,
} from './defaults.ts'
export { createLineFilter, dockerLine } from './words/docker-line.ts'
export { loadedLines } from './words/docker-load.ts'
export { parseSize } from './words/parse-size.ts'
export { formatSize, PROGRESS_CELLS, progressText } from './words/docker-progress.ts'
export { dockerStatus } from './words/docker-status.ts'
export {
  DigestChangeError,
  ImageMismatchError,
  isDistributionError,
  NotAnImageError,
  PlatformNotFoundError,
  PullDeniedError,
  PullNotFoundError,
  ReferrersError,
  Schema1NotTakenError,
  Schema1RefusedError,
  SparseIndexError,
  TransferError,
  UnknownPlaceError,
  UnsupportedSystemError,
} from './errors.ts'
export { fetchBlob } from './copy/fetch-blob.ts'
export { fetchStream } from './retry/fetch-stream.ts'
export { listContent } from './select/list-content.ts'
export { pickImage } from './select/select-image.ts'
export { load } from './verbs/load.ts'
export { planCopy, totalsOf } from './copy/plan-copy.ts'
export { pull } from './verbs/pull.ts'
export { push } from './verbs/push.ts'
export { pushSchema1 } from './convert/push-schema1.ts'
export { canExpect, canKeepImages, canPutRoot, canWriteImages } from './ports.ts'
export { DEFAULT_RETRY_POLICY, forQuestions } from './retry/retry-policy.ts'
export { isUnknownContent, retrying } from './retry/attempt.ts'
export { translatePullError } from './words/translate-pull-error.ts'
export { holdsSchema1 } from './schema1/holds-schema1.ts'
export { createWaitFilter } from './words/wait-filter.ts'
export { isLeftOut } from './copy/walk-selection.ts'
