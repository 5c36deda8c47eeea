import type { HttpRequest } from '@drayage/content'

import type { RegistryStorage } from '../storage/storage.ts'
import { methodNotAllowed } from './refusal.ts'
import type { SharedLock } from './shared-lock.ts'

/** The limits of a registry. */
export interface RegistryLimits {
  /** The most bytes of a manifest; 4 MiB by default. */
  readonly maxManifestBytes: number
  /** The most bytes of a blob; 128 GiB by default. */
  readonly maxBlobBytes: number
  /** The most names on a page of tags, repositories or referrers; 1000 by default. */
  readonly maxPageEntries: number
  /** How long an upload may take from its start, in milliseconds; 7 days by default. */
  readonly uploadLifeMs: number
}

/** The limits of a registry, unless options say otherwise. */
export const DEFAULT_LIMITS: RegistryLimits = {
  maxManifestBytes: 4 * 1024 * 1024,
  maxBlobBytes: 128 * 1024 ** 3,
  maxPageEntries: 1000,
  uploadLifeMs: 7 * 24 * 60 * 60 * 1000,
}

/** One request on its way through the handler. */
export interface RegistryExchange {
  readonly request: HttpRequest
  readonly query: URLSearchParams
  readonly storage: RegistryStorage
  readonly limits: RegistryLimits
  /** Whether manifests, tags and blobs can be deleted. */
  readonly deletes: boolean
  /** Whether manifests are taken whose content is not all here. */
  readonly sparse: boolean
  /** Whether manifests of schema 1 are taken. */
  readonly schema1: boolean
  /** Whether a mount that names no source takes the blob from any repository. */
  readonly mountsFromAny: boolean
  /** By repository: puts of manifests share it, and deletes have it alone. */
  readonly repositories: SharedLock
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 405, unless the registry allows deletes */
export function requireDeletes(exchange: RegistryExchange): void {
  if (!exchange.deletes) throw methodNotAllowed(['GET', 'HEAD'])
}
