/**
 * Pull, push, load and copy images over any source and sink, resumable and verified.
 *
 * Knows ports only: registries, stores and archives are passed in.
 *
 * @packageDocumentation
 */
export type { ConvertedGraph } from './convert.ts'
export type { ConvertOptions, RecompressOptions } from './convert-options.ts'
export type { CopyOptions } from './copy.ts'
export type { CopySelection, SelectCopyOptions } from './copy-selection.ts'
export type { CopiedReferrer, CopyReferrers } from './gather-referrers.ts'
export type { CopiedTag } from './cosign-tags.ts'
export type { CopyPlan, PlannedAction, PlannedContent, PlannedTotal } from './plan-copy.ts'
export type { PlatformSubset } from './platform-subset.ts'
export type { DistributionError, DistributionErrorCode, TransferOperation, TransferSide } from './errors.ts'
export type { DistributionEvent, LayerState, OnEvent } from './events.ts'
export type { DockerStatus, ProgressVerb } from './docker-status.ts'
export type {
  BlobStore,
  ContentKeeper,
  GraphSink,
  GraphSource,
  ImageRegistrar,
  LayerMeasurement,
  LayerMeasurer,
  LayerRecompressor,
  LayerRegistrar,
  NameKeeper,
  PulledImage,
  PullStore,
  RecompressedBlob,
  RecompressRequest,
  RepositoryOpener,
  RepositorySource,
  TagLister,
} from './ports.ts'
export type { FetchStreamOptions } from './fetch-stream.ts'
export type { PushOptions } from './push.ts'
export type { LoadResult } from './load.ts'
export type { PullOptions, PullResult } from './pull.ts'
export type { SelectImageOptions } from './select-image.ts'
export type { RetryPolicy } from './retry-policy.ts'

export { convert } from './convert.ts'
export { copy } from './copy.ts'
export { selectCopy } from './copy-selection.ts'
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
export { dockerStatus } from './docker-status.ts'
export {
  DigestChangeError,
  ImageMismatchError,
  isDistributionError,
  NotAnImageError,
  PlatformNotFoundError,
  PullDeniedError,
  PullNotFoundError,
  ReferrersError,
  SparseIndexError,
  TransferError,
} from './errors.ts'
export { fetchStream } from './fetch-stream.ts'
export { pickImage } from './select-image.ts'
export { load } from './load.ts'
export { planCopy, totalsOf } from './plan-copy.ts'
export { pull } from './pull.ts'
export { push } from './push.ts'
export { pushSchema1 } from './push-schema1.ts'
export { DEFAULT_RETRY_POLICY, isRetryable, retryDelayMs } from './retry-policy.ts'
export { translatePullError } from './translate-pull-error.ts'
export { isLeftOut } from './walk-selection.ts'
