/**
 * The ports of content: fetch, check, resolve, tag, ingest, delete; functions over them; an in-memory store.
 *
 * @packageDocumentation
 */
export type { ContentError, ContentErrorCode } from './errors.ts'
export type { HttpClient, HttpRequest, HttpResponse } from './http.ts'
export type {
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
  Resolver,
  Tagger,
  Untagger,
} from './ports.ts'

export { ContentNotFoundError, IngestKeyError, isContentError, NameNotFoundError } from './errors.ts'
