/** Layers and other blobs fetched at a time, as in Docker Engine (`max-concurrent-downloads`). */
export const DEFAULT_CONCURRENT_DOWNLOADS = 3

/** Tries of one blob without progress in between, the first one included, as in Docker Engine. */
export const DEFAULT_DOWNLOAD_ATTEMPTS = 5

/** Milliseconds added to the wait before each further try, as in Docker Engine: 5 s, 10 s, 15 s, 20 s. */
export const DEFAULT_RETRY_STEP_MS = 5000

/** The most bytes of an image config; Docker Engine and containers/image read configs into memory as well. */
export const MAX_CONFIG_BYTES: number = 8 * 1024 * 1024
