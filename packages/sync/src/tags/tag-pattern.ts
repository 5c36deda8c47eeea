import { TagPatternError } from '../errors.ts'
import { parsePattern } from './parse-pattern.ts'
import { createPatternMachine, MAX_STATES } from './pattern-machine.ts'

/** The maximum length of a pattern, in characters. */
export const MAX_PATTERN_LENGTH = 256

/**
 * Compiles a regular expression into a test of whole tags. It matches in linear time, so no tag from a registry can make it
 * run for long. The syntax is the usual one without backreferences and lookaround.
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
