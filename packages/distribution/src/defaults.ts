/** Layers and other blobs fetched at a time, as in Docker Engine (`max-concurrent-downloads`). */
export const DEFAULT_CONCURRENT_DOWNLOADS = 3

/** Tries of one blob without progress in between, the first one included, as in Docker Engine. */
export const DEFAULT_DOWNLOAD_ATTEMPTS = 5

/** Milliseconds added to the wait before each further try, as in Docker Engine: 5 s, 10 s, 15 s, 20 s. */
export const DEFAULT_RETRY_STEP_MS = 5000

/**
 * By how much the wait grows at most for requests before a transfer, such as resolving a name: an unreachable registry,
 * such as a mistyped name, must be reported within seconds.
 */
export const MAX_QUESTION_STEP_MS = 500

/** Further tries after an answer that cannot be right, such as a web page, or content that is not there although it is named. */
export const DOUBT_RETRIES = 2

/** How often what a registry lacks is restored, before it is believed. */
export const RESTORE_TRIES = 3

/** The first wait at most for small content, such as a config, which Docker Engine doubles: 250 ms, 500 ms, 1 s, 2 s. */
export const MAX_SMALL_STEP_MS = 250

/**
 * Bytes of progress after which the count of failed tries starts anew: 64 KiB. Five tries wait 50 s, so that a registry that
 * breaks off again and again may be as slow as one that sends 1 KiB/s, the slowest that is read from, and no slower.
 */
export const PROGRESS_BYTES: number = 64 * 1024

/** Parts of a blob of less than ten times {@link PROGRESS_BYTES} that each count as progress. */
export const PROGRESS_PARTS = 10

/** Bytes between two reports of a transfer's progress: a report per chunk costs more than the chunk. */
export const REPORT_BYTES: number = 256 * 1024

/** The most bytes of an image config: 4 MiB, what the decoder of `@drayage/manifest` takes. */
export const MAX_CONFIG_BYTES: number = 4 * 1024 * 1024

/** Indexes within indexes that are followed to an image. */
export const MAX_INDEX_DEPTH = 4

/** Manifests that are read at most to find the image of a platform. */
export const MAX_SEARCHED_MANIFESTS = 64

/** The most bytes of manifests that a copy holds in memory before it writes them. */
export const MAX_HELD_MANIFEST_BYTES: number = 8 * 1024 * 1024

/** The most bytes of an index and those within it, when images of it are chosen: 16 MiB. */
export const MAX_HELD_INDEX_BYTES: number = 16 * 1024 * 1024

/** Levels of referrers that go along by default: an image's signatures and attestations, and what is said of those. */
export const DEFAULT_REFERRER_DEPTH = 3

/** Referrers that one copy looks at; the next one fails it. */
export const MAX_REFERRERS_COPIED = 10_000

/** Requests at a time in search of referrers. */
export const REFERRER_REQUESTS = 4

/** Questions at a time about what a sink has, for a plan. */
export const PLAN_REQUESTS = 8

/** The most blobs that a copy has under way or waiting before it reads on. */
export const MAX_HELD_BLOBS = 1000

/** Blobs pushed at a time, as in Docker Engine (`max-concurrent-uploads`). */
export const DEFAULT_CONCURRENT_UPLOADS = 5

/** Repositories that the largest blobs are tried to be mounted from, as in Docker Engine. */
export const MAX_MOUNT_TRIES = 4

/** The tries for blobs of more bytes than these, the largest first, as in Docker Engine; one for all others. */
export const MOUNT_TRIES: readonly { readonly above: number; readonly tries: number }[] = [
  { above: 10 * 1024 * 1024, tries: MAX_MOUNT_TRIES },
  { above: 100 * 1024, tries: 3 },
]

/** Layers recompressed at a time: each keeps all processors busy, and the second one while the first begins and ends. */
export const DEFAULT_CONCURRENT_RECOMPRESSIONS = 2

/** The most bytes that the manifests and configs of one copy into a store of images have together: 32 MiB. */
export const MAX_RECEIVED_BYTES: number = 32 * 1024 * 1024

/** Attestations that go into a store of images with one target, of {@link MAX_HELD_MANIFEST_BYTES} together. */
export const MAX_ATTESTATIONS = 256
