/**
 * The ports of content: fetch, check, resolve, tag, ingest, delete; functions over them; an in-memory store.
 *
 * @packageDocumentation
 */
export type { ContentError, ContentErrorCode } from './errors.ts'
export type { Growth } from './stores/growth.ts'
export type { IngestBytes, IngestParts } from './stores/create-ingest.ts'
export type { HttpClient, HttpRequest, HttpResponse } from './http.ts'
export type { KeyedLock } from './stores/keyed-lock.ts'
export type { MemoryStore } from './stores/memory-store.ts'
export type { PortFailure, Problem } from './problem.ts'
export type { ReadBlobOptions } from './blobs/blobs.ts'
export type { WalkOptions, WalkStep } from './blobs/walk.ts'
export type {
  BeginOptions,
  BlobState,
  BlobSizer,
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
  SignedPutter,
  TaggedPutter,
  Tagger,
  Taker,
  Untagger,
  Verifier,
} from './ports.ts'

export {
  canFollow,
  canKeepReferrers,
  canListReferrers,
  canMount,
  canPutSigned,
  canPutTagged,
  canTellSizes,
  canVerify,
} from './abilities.ts'
export { createIngest } from './stores/create-ingest.ts'
export {
  ContentNotFoundError,
  IngestClosedError,
  IngestKeyError,
  isContentError,
  NameNotFoundError,
  WalkLimitError,
} from './errors.ts'
export { createGrowth } from './stores/growth.ts'
export { bytesResponse, emptyResponse, jsonResponse, responseTo } from './http.ts'
export { assertIngestKey, isIngestKey } from './stores/ingest-key.ts'
export { createKeyedLock } from './stores/keyed-lock.ts'
export { createMemoryStore } from './stores/memory-store.ts'
export { isDoubtful, isRetryable, maybeAbsent, problemOf, saidOf } from './problem.ts'
export { DEFAULT_MAX_BLOB_BYTES, readBlob, verifyBlob, verifyContent, writeBlob } from './blobs/blobs.ts'
export { sizedFrom } from './stores/sized-from.ts'
export { DEFAULT_MAX_WALK_COUNT, DEFAULT_MAX_WALK_DEPTH, walk, walkIdentity } from './blobs/walk.ts'
