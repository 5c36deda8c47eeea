/** The most bytes of a manifest: the limit of registries themselves. */
export const MANIFEST_MAX_BYTES: number = 4 * 1024 * 1024

/** The most bytes read of an error's body. */
export const ERROR_BODY_MAX_BYTES: number = 64 * 1024

/** The most bytes of a token server's answer. */
export const TOKEN_MAX_BYTES: number = 1024 * 1024

/** The most bytes of one page of tags. */
export const TAGS_PAGE_MAX_BYTES: number = 16 * 1024 * 1024

/** The most bytes of the results of a search. */
export const SEARCH_MAX_BYTES: number = 4 * 1024 * 1024

/** The most pages of one listing. */
export const MAX_PAGES = 1000

/** The most tags of one listing. */
export const MAX_TAGS = 1_000_000

/** The most redirects followed for one request. */
export const MAX_REDIRECTS = 10

/** The most referrers of one manifest. */
export const MAX_REFERRERS = 100_000

/** The longest wait that a registry may ask for with `Retry-After`. */
export const RETRY_AFTER_MAX_MS = 120_000

/** How long a token server may take, in milliseconds. */
export const TOKEN_TIMEOUT_MS = 15_000

/** The shortest life of a token that is believed, as in Docker's clients; an earlier end is a 401, which renews it. */
export const TOKEN_MIN_LIFE_MS = 60_000

/** The longest life of a token that is believed. */
export const TOKEN_MAX_LIFE_MS: number = 24 * 60 * 60 * 1000

/** The part of a token's life after which it is renewed. */
export const TOKEN_RENEW_AT = 0.8

/** A body that brings less than {@link DRIP_MIN_BYTES} in so many milliseconds of waiting has stalled. */
export const DRIP_WINDOW_MS = 60_000

/** See {@link DRIP_WINDOW_MS}; 1 KiB for each second. */
export const DRIP_MIN_BYTES: number = 60 * 1024

/** The most answers of each kind that a client remembers (tokens, endpoints). */
export const MAX_REMEMBERED = 1000

/** Blobs up to this size, and all manifests, are held in memory and sent in one request. */
export const WHOLE_MAX_BYTES: number = 4 * 1024 * 1024

/** The size of the chunks of a blob that a registry does not take in one request, unless an option says otherwise. */
export const CHUNK_BYTES: number = 8 * 1024 * 1024

/** The smallest chunk that is tried when a registry refuses larger ones. */
export const CHUNK_FLOOR_BYTES: number = 64 * 1024

/** The largest chunk: it is held in memory. */
export const CHUNK_CEILING_BYTES: number = 64 * 1024 * 1024

/** The most bytes of pushed manifests that a client holds, to give them tags. */
export const HELD_MANIFEST_BYTES: number = 8 * 1024 * 1024

/** How long a registry's answer about an upload counts before it is asked again, in milliseconds. */
export const UPLOAD_PROOF_MS = 1_000

/** How long a body may bring no byte at all, in milliseconds. */
export const STALL_TIMEOUT_MS = 30_000

/** The most endpoints of one repository whose state is kept. */
export const MAX_ENDPOINTS = 64

/** How long a mirror is passed over that cannot be reached or gave wrong content, in milliseconds. */
export const MIRROR_REST_MS = 60_000
