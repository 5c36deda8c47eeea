/** The newest version of the Engine API that is asked for; an older engine is asked with its own version. */
export const NEWEST_API_VERSION: string = '1.47'

/** The version of an engine that does not name one. */
export const UNKNOWN_API_VERSION: string = '1.24'

/** Most bytes of an answer in one document: 4 MiB, far above the inspection of any image. */
export const MAX_ANSWER_BYTES: number = 4 * 2 ** 20

/** Most bytes that are read of a failure's message: 64 KiB. */
export const MAX_ERROR_BYTES: number = 65_536

/** Most bytes of one line of progress: 64 KiB. */
export const MAX_LINE_BYTES: number = 65_536

/**
 * How long an engine may be silent while it has to answer or read: 10 minutes, since it writes an export to its own disk
 * before it sends the first byte.
 */
export const DEFAULT_SILENCE_TIMEOUT_MS: number = 600_000

/** How long an engine may take to answer a ping: 30 s. */
export const PING_TIMEOUT_MS: number = 30_000
