import { dockerWords } from './docker-words.ts'
import { isEngineApiError } from './errors.ts'

/** What a client is told of an error. */
export interface Failure {
  /** The HTTP status, as long as nothing was answered. */
  readonly status: number
  readonly message: string
}

/** The status of each code of the packages' errors that is not the daemon's own fault. */
const STATUSES: ReadonlyMap<string, number> = new Map<string, number>(
  Object.entries({
    ERR_REFERENCE_SYNTAX: 400,
    ERR_PATTERN_SYNTAX: 400,
    ERR_PLATFORM_SYNTAX: 400,
    ERR_FILTER: 400,
    ERR_IMAGE_CHANGE: 400,
    ERR_COMPRESSION_UNSUPPORTED: 400,
    ERR_COMPRESSED_DATA: 400,
    ERR_COMPRESSION_LIMIT: 400,
    ERR_LAYER_TAR: 400,
    ERR_NAME_REFUSED: 400,
    ERR_IMAGE_AMBIGUOUS: 400,
    ERR_DIGEST_AMBIGUOUS: 400,
    ERR_ARCHIVE_FORMAT: 400,
    ERR_ARCHIVE_LIMIT: 400,
    ERR_NOT_AN_IMAGE: 400,
    ERR_REGISTRY_UNAUTHORIZED: 401,
    ERR_REFERENCE_RESERVED: 403,
    ERR_REGISTRY_DENIED: 403,
    ERR_PULL_DENIED: 404,
    ERR_PULL_NOT_FOUND: 404,
    ERR_PLATFORM_NOT_FOUND: 404,
    ERR_IMAGE_NOT_FOUND: 404,
    ERR_NAME_NOT_FOUND: 404,
    ERR_REGISTRY_NOT_FOUND: 404,
    ERR_IMAGE_CONFLICT: 409,
    ERR_BYTE_LIMIT: 413,
    ERR_REGISTRY_RATE_LIMITED: 429,
    ERR_STORE_BUSY: 503,
  }),
)

/**
 * What a client is told of `error`: the status of the first error in its chain of causes that has one, else 500, in Docker
 * Engine's words where clients look for them.
 */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isEngineApiError(at)) return { status: at.status, message: at.message }
    if (!hasCode(at)) continue
    const status = STATUSES.get(at.code)
    if (status === undefined) continue
    return { status, message, ...dockerWords(at) }
  }
  return { status: 500, message }
}

/** Whether `error` is neither what a client asked for nor what this API says of itself: a person has to look at it. */
export function isUnexpected(error: unknown): boolean {
  return failureOf(error).status === 500 && !isEngineApiError(error)
}

/** Codes of errors that are never of what a client sent: the disk, the database, the threads. */
const OWN_CODES = /^(?:E[A-Z\d]+$|ERR_STORE_|ERR_WORKER_|ERR_LAYER_(?:NOT_FOUND|UNMEASURED)$)/

/** Whether an error of work on what a client sent tells of that alone. */
export function isOfInput(error: unknown): boolean {
  let isDeclared = false
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof TypeError || (hasCode(at) && OWN_CODES.test(at.code))) return false
    isDeclared ||= hasCode(at) && at.code.startsWith('ERR_')
  }
  return isDeclared
}

function hasCode(error: Error): error is Error & { readonly code: string } {
  return 'code' in error && typeof error.code === 'string'
}
