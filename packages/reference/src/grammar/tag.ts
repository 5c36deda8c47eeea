import { flawAt, isWord } from './characters.ts'
import { ReferenceSyntaxError, type ReferenceFlaw } from '../errors.ts'

/** The maximum length of a tag. */
export const MAX_TAG_LENGTH: number = 128

const HYPHEN = 45
const DOT = 46

/** Finds what is wrong with the tag in `text` from `start` to `end`. */
export function scanTag(text: string, start: number, end: number): ReferenceFlaw | undefined {
  const flaw = (offset: number, wanted: string): ReferenceFlaw => flawAt('tag', text, offset, end, wanted)
  if (start >= end || !isWord(text.charCodeAt(start))) return flaw(start, 'a letter, a digit or "_"')
  for (let index = start + 1; index < end; index++) {
    if (index - start === MAX_TAG_LENGTH) return flaw(index, `at most ${MAX_TAG_LENGTH} characters`)
    const code = text.charCodeAt(index)
    if (!isWord(code) && code !== DOT && code !== HYPHEN) return flaw(index, 'a letter, a digit, "_", "." or "-"')
  }
  return undefined
}

/**
 * Tells whether `text` is a tag: a letter, a digit or `_`, then up to 127 of these, `.` and `-`.
 *
 * @see OCI distribution-spec v1.1.1, "Pulling manifests"
 */
export function isTag(text: string): boolean {
  return scanTag(text, 0, text.length) === undefined
}

/**
 * Returns `text` when it is a tag.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parseTag(text: string): string {
  const flaw = scanTag(text, 0, text.length)
  if (flaw !== undefined) throw new ReferenceSyntaxError(text, 'invalid tag format', flaw)
  return text
}
