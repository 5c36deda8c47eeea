import { firstError } from '@drayage/bytes'

import { dockerWords } from './docker-words.ts'
import { isEngineApiError } from '../errors.ts'

/** What a client gets to know about an error. */
export interface Failure {
  /** The HTTP status, unless an answer has already begun. */
  readonly status: number
  readonly message: string
}

/** The HTTP status of each error code that is not the daemon's own fault. */
const STATUSES: ReadonlyMap<string, number> = new Map<string, number>(
  Object.entries({
    ERR_REFERENCE_SYNTAX: 400,
    ERR_PATTERN_SYNTAX: 400,
    ERR_PLATFORM_SYNTAX: 400,
    ERR_FILTER: 400,
    ERR_IMAGE_CHANGE: 400,
    ERR_COMPRESSED_DATA: 400,
    ERR_COMPRESSION_LIMIT: 400,
    ERR_LAYER_TAR: 400,
    ERR_NAME_REFUSED: 400,
    ERR_IMAGE_AMBIGUOUS: 400,
    ERR_DIGEST_AMBIGUOUS: 400,
    ERR_ARCHIVE_FORMAT: 400,
    ERR_ARCHIVE_LIMIT: 400,
    ERR_NOT_AN_IMAGE: 400,
    ERR_CONFIG_UNSUPPORTED: 400,
    ERR_LAYER_UNSUPPORTED: 400,
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
    ERR_PLATFORM_CONFLICT: 409,
    ERR_BYTE_LIMIT: 413,
    ERR_REGISTRY_RATE_LIMITED: 429,
    ERR_STORE_BUSY: 503,
  }),
)

/**
 * What a client gets to know about an error: the status of the first error in its chain of causes that has one, or words of
 * Docker Engine's, or else 500 with its own words.
 */
export function failureOf(thrown: unknown): Failure {
  const error = firstError(thrown)
  const message = error instanceof Error ? error.message : String(error)
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isEngineApiError(at)) return { status: at.status, message: at.message }
    if (!hasCode(at)) continue
    const status = STATUSES.get(at.code)
    const words = dockerWords(at)
    if (status !== undefined || words !== undefined) return { status: status ?? 500, message, ...words }
  }
  return { status: 500, message }
}

/** Whether `error` is a fault of the daemon, which an operator should look into. */
export function isUnexpected(error: unknown): boolean {
  return failureOf(error).status === 500 && !isEngineApiError(error)
}

/** Codes of invalid content that have no status of their own. */
const CONTENT_CODES: ReadonlySet<string> = new Set([
  'ERR_ARCHIVE_SELECTION',
  'ERR_CONFIG_SYNTAX',
  'ERR_CONFIG_UNSUPPORTED',
  'ERR_CONTENT_LONG',
  'ERR_CONTENT_NOT_FOUND',
  'ERR_CONTENT_SHORT',
  'ERR_DIFF_ID_MISMATCH',
  'ERR_DIGEST_MISMATCH',
  'ERR_DIGEST_SYNTAX',
  'ERR_DIR_IMAGE',
  'ERR_IMAGE_MISMATCH',
  'ERR_LAYER_COUNT',
  'ERR_LAYER_DEPTH',
  'ERR_LAYER_UNSUPPORTED',
  'ERR_MANIFEST_AMBIGUOUS',
  'ERR_MANIFEST_CONVERSION',
  'ERR_MANIFEST_SYNTAX',
  'ERR_MANIFEST_TOO_LARGE',
  'ERR_MANIFEST_UNSUPPORTED',
  'ERR_SCHEMA1',
  'ERR_SYSTEM_UNSUPPORTED',
  'ERR_WALK_LIMIT',
])

/** Codes that say where something failed; the cause says what. */
const WRAPPING_CODES: ReadonlySet<string> = new Set(['ERR_TRANSFER', 'ERR_ARCHIVE_IMAGE', 'ERR_LAYOUT'])

/** Whether an error is about what a client sent, and not about this daemon. */
export function isAboutInput(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (hasCode(at) && !WRAPPING_CODES.has(at.code)) return CONTENT_CODES.has(at.code)
  }
  return false
}

function hasCode(error: Error): error is Error & { readonly code: string } {
  return 'code' in error && typeof error.code === 'string'
}
