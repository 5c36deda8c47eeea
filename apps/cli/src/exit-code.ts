import { firstError } from '@drayage/bytes'
import type { PortFailure, Problem } from '@drayage/content'

/** Exit codes of `dray`, the same for every verb. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  unverified: 5,
  store: 6,
  interrupted: 130,
  /** The reader of the output has gone, as when SIGPIPE ends a program. */
  readerGone: 141,
  terminated: 143,
} as const

/** What each code of an error of the packages means to a shell. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  usage: [
    'ERR_USAGE',
    'ERR_TRANSPORT',
    'ERR_PLACE_UNKNOWN',
    'ERR_DOCKER_HOST',
    'ERR_FILTER',
    'ERR_IMAGE_CHANGE',
    'ERR_HTPASSWD',
    'ERR_REFERENCE_SYNTAX',
    'ERR_REFERENCE_RESERVED',
    'ERR_PATTERN_SYNTAX',
    'ERR_PLATFORM_SYNTAX',
    'ERR_NAME_REFUSED',
    'ERR_IMAGE_AMBIGUOUS',
    'ERR_DIGEST_AMBIGUOUS',
    'ERR_SYNC_FILE',
    'ERR_TAG_PATTERN',
    'ERR_VERSION_RANGE',
  ],
  notFound: [
    'ERR_PULL_NOT_FOUND',
    'ERR_PLATFORM_NOT_FOUND',
    'ERR_REGISTRY_NOT_FOUND',
    'ERR_NAME_NOT_FOUND',
    'ERR_CONTENT_NOT_FOUND',
    'ERR_IMAGE_NOT_FOUND',
    'ERR_ARCHIVE_SELECTION',
    'ERR_DOCKER_NOT_FOUND',
  ],
  denied: ['ERR_PULL_DENIED', 'ERR_REGISTRY_UNAUTHORIZED', 'ERR_REGISTRY_DENIED', 'ERR_REGISTRY_BLOCKED'],
  unverified: [
    'ERR_DIGEST_MISMATCH',
    'ERR_CONTENT_SHORT',
    'ERR_CONTENT_LONG',
    'ERR_DIFF_ID_MISMATCH',
    'ERR_IMAGE_MISMATCH',
    'ERR_LAYER_COUNT',
    'ERR_LAYER_TAR',
    'ERR_TAR_SYNTAX',
    'ERR_TAR_LIMIT',
    'ERR_LAYER_CORRUPT',
    'ERR_IMAGE_DAMAGED',
    'ERR_STORE_FAULTS',
    'ERR_COMPRESSED_DATA',
    'ERR_DIGEST_SYNTAX',
    'ERR_MANIFEST_SYNTAX',
    'ERR_MANIFEST_AMBIGUOUS',
    'ERR_CONFIG_SYNTAX',
    'ERR_SCHEMA1',
  ],
  store: [
    'ERR_DATABASE_WRITE',
    'ERR_FILE_LOCK',
    'ERR_FILE_READ',
    'ERR_FILE_WRITE',
    'ERR_LEASE_LOST',
    'ERR_STORE_BUSY',
    'ERR_STORE_CORRUPT',
    'ERR_STORE_FULL',
    'ERR_STORE_IO',
    'ERR_STORE_LAYOUT',
    'ERR_STORE_UNSAFE',
    'ERR_STORE_UNWRITABLE',
    'ERR_STORE_VERSION',
    'ERR_LAYER_NOT_FOUND',
    'ERR_LAYER_UNMEASURED',
  ],
  failed: [
    'ERR_REGISTRY',
    'ERR_REGISTRY_RATE_LIMITED',
    'ERR_REGISTRY_UNREACHABLE',
    'ERR_REGISTRY_TRUNCATED',
    'ERR_REGISTRY_PROTOCOL',
    'ERR_REGISTRY_LISTING',
    'ERR_REGISTRY_UNSUPPORTED',
    'ERR_REGISTRY_DIGEST_REFUSED',
    'ERR_REGISTRY_UPLOAD',
    'ERR_CONNECTION_FAULT',
    'ERR_UNSAFE_PATH',
    'ERR_ARCHIVE_FORMAT',
    'ERR_ARCHIVE_LIMIT',
    'ERR_DIR_IMAGE',
    'ERR_URL_REFUSED',
    'ERR_CHALLENGE_SYNTAX',
    'ERR_CREDENTIALS_FILE',
    'ERR_CREDENTIALS_HELPER',
    'ERR_CREDENTIALS_WRITE',
    'ERR_NOT_AN_IMAGE',
    'ERR_SCHEMA1_NOT_TAKEN',
    'ERR_SCHEMA1_REFUSED',
    'ERR_DIGEST_CHANGE',
    'ERR_REFERRERS',
    'ERR_MANIFEST_UNSUPPORTED',
    'ERR_MANIFEST_TOO_LARGE',
    'ERR_CONFIG_UNSUPPORTED',
    'ERR_SYSTEM_UNSUPPORTED',
    'ERR_LAYER_UNSUPPORTED',
    'ERR_MANIFEST_CONVERSION',
    'ERR_COMPRESSION_LIMIT',
    'ERR_WORKER_CRASHED',
    'ERR_WORKER_POOL_CLOSED',
    'ERR_LAYER_DEPTH',
    'ERR_IMAGE_CONFLICT',
    'ERR_PLATFORM_CONFLICT',
    'ERR_INDEX_INCOMPLETE',
    'ERR_ARCHIVE_EXISTS',
    'ERR_ARCHIVE_CLOSED',
    'ERR_BYTE_LIMIT',
    'ERR_INGEST_KEY',
    'ERR_INGEST_CLOSED',
    'ERR_WALK_LIMIT',
    'ERR_CLIENT_GONE',
    'ERR_REGISTRY_RECORD',
    'ERR_REQUEST_REFUSED',
    'ERR_REMOTE_DELETE',
    'ERR_REGISTRY_CONFIG',
    'ERR_ENGINE_REQUEST',
    'ERR_DOCKER_CONNECTION',
    'ERR_DOCKER_ENGINE',
    'ERR_DOCKER_PROTOCOL',
  ],
} satisfies Partial<Record<keyof typeof EXIT, readonly string[]>>

/** Codes that say where something failed, not what: the cause decides. */
export const WRAPPING_CODES: readonly string[] = [
  'ERR_TRANSFER',
  'ERR_SPARSE_INDEX',
  'ERR_ARCHIVE_IMAGE',
  'ERR_LAYOUT',
  'ERR_REGISTRY_MIRROR',
]

/** What each problem means to a shell, for errors whose code is not listed: those of stores and places of others. */
const PROBLEMS: Readonly<Record<Problem, keyof typeof EXIT>> = {
  denied: 'denied',
  unauthorized: 'denied',
  'repository-unknown': 'notFound',
  'manifest-unknown': 'notFound',
  'part-unknown': 'failed',
  'digest-refused': 'unverified',
  unwritable: 'store',
}

const STATUSES: ReadonlyMap<string, number> = new Map(Object.entries(EXIT))

/** The exit code of each other code of the packages' errors. */
export const EXIT_CODES: ReadonlyMap<string, number> = new Map(
  Object.entries(CODES).flatMap(([name, codes]) =>
    codes.map((code): [string, number] => [code, STATUSES.get(name) ?? EXIT.failed]),
  ),
)

/** Codes for what this machine lacks, wherever it shows: descriptors, room, a disk that works or can be written. */
const OF_MACHINE: ReadonlySet<unknown> = new Set([
  ...['EMFILE', 'ENFILE', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO'],
  'ERR_WORKER_INIT_FAILED',
])

/** EDQUOT on Linux, which Node has no name for. */
const QUOTA_ERRNO = -122

/**
 * The exit code for an error: that of the first error in its chain of causes whose code or problem has one, else 1; instead
 * of 1, that of a store where a cause says what this machine lacks.
 */
export function exitCodeOf(error: unknown): number {
  const status = statusOf(error)
  return status === EXIT.failed && isOfMachine(error) ? EXIT.store : status
}

function isOfMachine(error: unknown): boolean {
  for (let at = firstError(error); at instanceof Error; at = at.cause) {
    const { code, errno } = at as { readonly code?: unknown; readonly errno?: unknown }
    if (OF_MACHINE.has(code) || errno === QUOTA_ERRNO) return true
  }
  return false
}

function statusOf(error: unknown): number {
  for (let at = firstError(error); at instanceof Error; at = at.cause) {
    const { code, problem } = at as PortFailure & { readonly code?: unknown }
    const status = typeof code === 'string' ? EXIT_CODES.get(code) : undefined
    if (status !== undefined) return status
    if (problem !== undefined && !WRAPPING_CODES.includes(String(code))) return EXIT[PROBLEMS[problem]]
  }
  return EXIT.failed
}
