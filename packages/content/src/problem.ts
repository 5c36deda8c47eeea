/**
 * What the failure of a port means to a caller that knows no adapter:
 *
 * - `denied`: the place refuses this user, or hides whether what was asked for exists;
 * - `unauthorized`: the place wants a login, or another one, or hides the same from those without;
 * - `repository-unknown`, `manifest-unknown`: the place has no such repository, manifest or tag;
 * - `part-unknown`: the place refused a manifest, since it lacks something that the manifest names;
 * - `digest-refused`: the place received other bytes than those of the digest;
 * - `unwritable`: the place could not store anything more, such as on a full or read-only disk.
 */
export type Problem =
  | 'denied'
  | 'unauthorized'
  | 'repository-unknown'
  | 'manifest-unknown'
  | 'part-unknown'
  | 'digest-refused'
  | 'unwritable'

/** What an adapter's error may say about itself, besides its own code. */
export interface PortFailure {
  readonly problem?: Problem | undefined
  /** Whether the same call can succeed later. */
  readonly retryable?: boolean | undefined
  /** How long the place asks to wait before that, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /**
   * Whether the answer may be a mistake, of the place or of what stands before it: it lacks what it should have, or gives
   * what it never gives. Who has reason to expect better can ask again.
   */
  readonly doubtful?: boolean | undefined
  /** What the place itself says of it, on one line and escaped for a terminal. */
  readonly said?: string | undefined
}

/** The nearest problem that `error` or one of its causes names; `undefined` where none does. */
export function problemOf(error: unknown): Problem | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { problem } = at as PortFailure
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Whether `error`, or the nearest of its causes that says so or not, may be a mistake of the place. */
export function isDoubtful(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { doubtful } = at as PortFailure
    if (doubtful !== undefined) return doubtful
  }
  return false
}

const ABSENCES: ReadonlySet<Problem | undefined> = new Set<Problem>([
  'denied',
  'unauthorized',
  'repository-unknown',
  'manifest-unknown',
])

/**
 * Whether a failed look may mean that what was asked for is not there: some places deny what they do not have, such as
 * repositories that the first push creates. Where something is to be written, only writing tells.
 */
export function maybeAbsent(error: unknown): boolean {
  return ABSENCES.has(problemOf(error))
}

/** Whether an error says of itself that the same call can succeed later. */
export function isRetryable(error: unknown): boolean {
  return error instanceof Error && (error as PortFailure).retryable === true
}

/** The nearest words of a place that `error` or one of its causes has; `undefined` where none has any. */
export function saidOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { said } = at as PortFailure
    if (said !== undefined && said !== '') return said
  }
  return undefined
}
