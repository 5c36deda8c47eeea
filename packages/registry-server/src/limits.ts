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

/** The limits that hold when none are given. */
export const DEFAULT_LIMITS: RegistryLimits = {
  maxManifestBytes: 4 * 1024 * 1024,
  maxBlobBytes: 128 * 1024 ** 3,
  maxPageEntries: 1000,
  uploadLifeMs: 7 * 24 * 60 * 60 * 1000,
}
