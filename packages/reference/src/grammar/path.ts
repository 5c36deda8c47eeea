import { flawAt, isLowerAlphanumeric } from './characters.ts'
import type { ReferenceFlaw } from '../errors.ts'

const HYPHEN = 45
const DOT = 46
const SLASH = 47
const UNDERSCORE = 95

/**
 * Finds what is wrong with the path in `text` from `start` to `end`: components joined by slashes, each of lower-case
 * letters and digits with single separators `.`, `_`, `__` or any run of `-` between them.
 */
export function scanPath(text: string, start: number, end: number): ReferenceFlaw | undefined {
  let index = start
  for (;;) {
    const word = index
    while (index < end && isLowerAlphanumeric(text.charCodeAt(index))) index++
    if (index === word) return flawAt('path', text, index, end, 'a lower-case letter or digit')
    if (index === end) return undefined
    const next = text.charCodeAt(index) === SLASH ? index + 1 : skipSeparator(text, index, end)
    if (next === index) return flawAt('path', text, index, end, 'a lower-case letter, a digit, ".", "_", "-" or "/"')
    index = next
  }
}

function skipSeparator(text: string, start: number, end: number): number {
  let index = start
  const code = text.charCodeAt(index)
  if (code === DOT) return index + 1
  if (code === UNDERSCORE) return text.charCodeAt(index + 1) === UNDERSCORE && index + 1 < end ? index + 2 : index + 1
  while (index < end && text.charCodeAt(index) === HYPHEN) index++
  return index
}
