/**
 * The ports of content: fetch, check, resolve, tag, ingest, delete; functions over them; an in-memory store.
 *
 * @packageDocumentation
 */
export type { ContentError, ContentErrorCode } from './errors.ts'
export type { CopyBlobOptions } from './copy-blob.ts'
export type { Growth } from './growth.ts'
export type { HttpClient, HttpRequest, HttpResponse } from './http.ts'
export type { KeyedLock } from './keyed-lock.ts'
export type { MemoryStore } from './memory-store.ts'
export type { ReadBlobOptions } from './read-blob.ts'
export type { WalkOptions, WalkStep } from './walk.ts'
export type {
  BeginOptions,
  Checker,
  ContentStore,
  Deleter,
  Fetcher,
  Followable,
  Ingest,
  Ingester,
  IngestKey,
  Lister,
  Mounter,
  RangeOptions,
  ReferrerKeeper,
  ReferrerLister,
  ReferrersOptions,
  Resolver,
  TaggedPutter,
  Tagger,
  Untagger,
} from './ports.ts'

export { canFollow } from './can-follow.ts'
export { canKeepReferrers, canListReferrers } from './can-list-referrers.ts'
export { canMount } from './can-mount.ts'
export { canPutTagged } from './can-put-tagged.ts'
export { copyBlob } from './copy-blob.ts'
export {
  ContentNotFoundError,
  IngestClosedError,
  IngestKeyError,
  isContentError,
  NameNotFoundError,
  WalkLimitError,
} from './errors.ts'
export { createGrowth } from './growth.ts'
export { assertIngestKey, isIngestKey } from './ingest-key.ts'
export { createKeyedLock } from './keyed-lock.ts'
export { createMemoryStore } from './memory-store.ts'
export { DEFAULT_MAX_BLOB_BYTES, readBlob } from './read-blob.ts'
export { sizedFrom } from './sized-from.ts'
export { DEFAULT_MAX_WALK_COUNT, DEFAULT_MAX_WALK_DEPTH, walk } from './walk.ts'
export { writeBlob } from './write-blob.ts'
