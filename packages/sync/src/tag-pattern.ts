import { TagPatternError } from './errors.ts'
import { parsePattern } from './parse-pattern.ts'
import { createPatternMachine, MAX_STATES } from './pattern-machine.ts'

/** The most characters of a pattern. */
export const MAX_PATTERN_LENGTH = 256

/**
 * Makes a test of whole tags from a regular expression. Tags come from registries and are matched in linear time, so that
 * none can make a pattern run for long; see `parsePattern` for the syntax.
 *
 * @throws TagPatternError `ERR_TAG_PATTERN`
 */
export function compileTagPattern(pattern: string): (tag: string) => boolean {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw new TagPatternError(pattern, `${pattern.length} characters`, `at most ${MAX_PATTERN_LENGTH}`)
  }
  const node = parsePattern(pattern)
  try {
    return createPatternMachine(node)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new TagPatternError(pattern, 'too many repetitions', `a pattern of at most ${MAX_STATES} states`, { cause })
  }
}
