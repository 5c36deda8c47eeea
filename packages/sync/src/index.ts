/**
 * What is to be kept equal between registries: the file of `dray sync`, and tags chosen by pattern and version.
 *
 * Reads and chooses only; comparing and copying are for `@drayage/runtime`.
 *
 * @packageDocumentation
 */
export type { SyncError, SyncErrorCode } from './errors.ts'
export type { RepositoryFilter, SyncFile, SyncImage, TagFilter } from './sync-file.ts'
export type { Version, VersionParts } from './version.ts'
export type { VersionTest } from './version-range.ts'

export { compareVersions, parseVersion } from './version.ts'
export { compileTagPattern, MAX_PATTERN_LENGTH } from './tag-pattern.ts'
export { DEFAULT_SYNC_CONCURRENCY, MAX_SYNC_CONCURRENCY } from './file-codecs.ts'
export { isSyncError, SyncFileError, TagPatternError, VersionRangeError } from './errors.ts'
export { MAX_RANGE_LENGTH, parseVersionRange } from './version-range.ts'
export { MAX_SYNC_FILE_LENGTH, parseSyncFile } from './parse-sync-file.ts'
export { selectTags } from './select-tags.ts'
