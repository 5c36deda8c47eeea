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
  /** What would be right. */
  readonly wanted: string
}

const LONGEST_SHOWN = 160

function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text)
}

/** Text that is not a reference, a repository or a tag. */
export class ReferenceSyntaxError extends Error {
  override readonly name: string = 'ReferenceSyntaxError'
  readonly code: 'ERR_REFERENCE_SYNTAX' = 'ERR_REFERENCE_SYNTAX'
  /** The failure in the words of Docker Engine, such as `invalid reference format`. */
  readonly reason: string
  /** The part that fails. */
  readonly part: ReferencePart
  /** Where the text goes wrong, in UTF-16 units from its start. */
  readonly offset: number

  constructor(text: string, reason: string, flaw: ReferenceFlaw, options?: ErrorOptions) {
    const thing = flaw.part === 'reference' ? 'reference' : `${flaw.part} of`
    super(
      `Cannot parse ${thing} ${quote(text)}: ${reason}: found ${flaw.found} at offset ${flaw.offset}, expected ${flaw.wanted}`,
      options,
    )
    this.reason = reason
    this.part = flaw.part
    this.offset = flaw.offset
  }
}

/** A repository name that stands for something else than a repository. */
export class ReservedNameError extends Error {
  override readonly name: string = 'ReservedNameError'
  readonly code: 'ERR_REFERENCE_RESERVED' = 'ERR_REFERENCE_RESERVED'
  /** The failure in the words of Docker Engine: `'scratch' is a reserved name`. */
  readonly reason: string

  constructor(familiarName: string, options?: ErrorOptions) {
    const reason = `'${familiarName}' is a reserved name`
    super(`Cannot use repository ${quote(familiarName)}: ${reason}, expected another name`, options)
    this.reason = reason
  }
}

/** Text that is not a pattern. */
export class PatternSyntaxError extends Error {
  override readonly name: string = 'PatternSyntaxError'
  readonly code: 'ERR_PATTERN_SYNTAX' = 'ERR_PATTERN_SYNTAX'
  /** The failure in the words of Docker Engine. */
  readonly reason: string = 'syntax error in pattern'
  /** Where the text stops being a pattern, in code points from its start. */
  readonly offset: number

  constructor(pattern: string, offset: number, found: string, wanted: string, options?: ErrorOptions) {
    super(
      `Cannot parse pattern ${quote(pattern)}: syntax error in pattern: found ${found} at offset ${offset}, expected ${wanted}`,
      options,
    )
    this.offset = offset
  }
}

/** A digest prefix that more than one digest begins with. */
export class AmbiguousDigestError extends Error {
  override readonly name: string = 'AmbiguousDigestError'
  readonly code: 'ERR_DIGEST_AMBIGUOUS' = 'ERR_DIGEST_AMBIGUOUS'
  /** Two of the digests that the prefix stands for. */
  readonly candidates: readonly [string, string]

  constructor(prefix: string, candidates: readonly [string, string], options?: ErrorOptions) {
    super(
      `Cannot look up digest ${quote(prefix)}: it is ambiguous between ${candidates.join(' and ')}, expected a longer prefix`,
      options,
    )
    this.candidates = candidates
  }
}

/** Any error of this package. */
export type ReferenceError = ReferenceSyntaxError | ReservedNameError | PatternSyntaxError | AmbiguousDigestError

const CODES: readonly string[] = [
  'ERR_REFERENCE_SYNTAX',
  'ERR_REFERENCE_RESERVED',
  'ERR_PATTERN_SYNTAX',
  'ERR_DIGEST_AMBIGUOUS',
] satisfies ReferenceErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isReferenceError(value: unknown): value is ReferenceError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
