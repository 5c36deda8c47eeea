import { DrayageError, errorGuard, quote, type DrayageErrorOptions } from '@drayage/bytes'

/** Codes of the errors of this package. */
export type ReferenceErrorCode =
  | 'ERR_REFERENCE_SYNTAX'
  | 'ERR_REFERENCE_RESERVED'
  | 'ERR_PATTERN_SYNTAX'
  | 'ERR_DIGEST_AMBIGUOUS'

/** The parts of a reference that an error can name; `reference` is the whole text. */
export type ReferencePart = 'reference' | 'domain' | 'path' | 'tag' | 'digest'

/** Where and why text is not a reference. */
export interface ReferenceFlaw {
  readonly part: ReferencePart
  /** Where the text goes wrong, in UTF-16 units from its start. */
  readonly offset: number
  /** What is there. */
  readonly found: string
  /** What should be there. */
  readonly wanted: string
}

/** Text that is not a reference, a repository or a tag. */
export class ReferenceSyntaxError extends DrayageError<'ERR_REFERENCE_SYNTAX'> {
  override readonly name: string = 'ReferenceSyntaxError'
  /** The failure in the words of Docker Engine, such as `invalid reference format`. */
  readonly reason: string
  /** The part that fails. */
  readonly part: ReferencePart
  /** Where the text goes wrong, in UTF-16 units from its start. */
  readonly offset: number

  constructor(text: string, reason: string, flaw: ReferenceFlaw, options?: DrayageErrorOptions) {
    const thing = flaw.part === 'reference' ? 'reference' : `${flaw.part} of`
    const message = `Cannot parse ${thing} ${quote(text)}: found ${flaw.found} at offset ${flaw.offset}, expected ${flaw.wanted}`
    super('ERR_REFERENCE_SYNTAX', message, options)
    this.reason = reason
    this.part = flaw.part
    this.offset = flaw.offset
  }
}

/** A repository name that stands for something other than a repository. */
export class ReservedNameError extends DrayageError<'ERR_REFERENCE_RESERVED'> {
  override readonly name: string = 'ReservedNameError'
  /** The failure in the words of Docker Engine: `'scratch' is a reserved name`. */
  readonly reason: string

  constructor(familiarName: string, options?: DrayageErrorOptions) {
    const message = `Cannot use repository ${quote(familiarName)}: the name is reserved for the empty image`
    super('ERR_REFERENCE_RESERVED', message, { hint: 'Use another name.', ...options })
    this.reason = `'${familiarName}' is a reserved name`
  }
}

/** Text that is not a pattern. */
export class PatternSyntaxError extends DrayageError<'ERR_PATTERN_SYNTAX'> {
  override readonly name: string = 'PatternSyntaxError'
  /** The failure in the words of Docker Engine. */
  readonly reason: string = 'syntax error in pattern'
  /** Where the text stops being a pattern, in code points from its start. */
  readonly offset: number

  constructor(pattern: string, offset: number, found: string, wanted: string, options?: DrayageErrorOptions) {
    const message = `Cannot parse pattern ${quote(pattern)}: found ${found} at offset ${offset}, expected ${wanted}`
    super('ERR_PATTERN_SYNTAX', message, options)
    this.offset = offset
  }
}

/** A digest prefix that several digests begin with. */
export class AmbiguousDigestError extends DrayageError<'ERR_DIGEST_AMBIGUOUS'> {
  override readonly name: string = 'AmbiguousDigestError'
  /** Two of the digests that begin with the prefix. */
  readonly candidates: readonly [string, string]

  constructor(prefix: string, candidates: readonly [string, string], options?: DrayageErrorOptions) {
    const message = `Cannot look up digest ${quote(prefix)}: both ${candidates.join(' and ')} begin with it`
    super('ERR_DIGEST_AMBIGUOUS', message, { hint: 'Give more of its digits.', ...options })
    this.candidates = candidates
  }
}

/** Any error of this package. */
export type ReferenceError = ReferenceSyntaxError | ReservedNameError | PatternSyntaxError | AmbiguousDigestError

/** Tells whether `value` is an error of this package, including one made by another installed copy. */
export const isReferenceError: (value: unknown) => value is ReferenceError = errorGuard<ReferenceError>([
  'ERR_REFERENCE_SYNTAX',
  'ERR_REFERENCE_RESERVED',
  'ERR_PATTERN_SYNTAX',
  'ERR_DIGEST_AMBIGUOUS',
])
