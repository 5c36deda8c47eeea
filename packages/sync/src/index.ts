/**
 * Which images to keep equal: the file of `dray sync`, and tags selected by pattern and version.
 *
 * Only reads and selects; `@drayage/runtime` compares and copies.
 *
 * @packageDocumentation
 */
export type { SyncError, SyncErrorCode } from './errors.ts'
export type { RepositoryFilter, SyncFile, SyncImage, TagFilter } from './file/sync-file.ts'
export type { Version, VersionParts } from './tags/version.ts'
export type { VersionTest } from './tags/version-range.ts'

export { compareVersions, parseVersion } from './tags/version.ts'
export { compileTagPattern, MAX_PATTERN_LENGTH } from './tags/tag-pattern.ts'
export { DEFAULT_SYNC_CONCURRENCY, MAX_SYNC_CONCURRENCY } from './file/codecs.ts'
export { isSyncError, SyncFileError, TagPatternError, VersionRangeError } from './errors.ts'
export { MAX_RANGE_LENGTH, parseVersionRange } from './tags/version-range.ts'
export { MAX_SYNC_FILE_LENGTH, parseSyncFile } from './file/parse-sync-file.ts'
export { selectTags } from './tags/select-tags.ts'
