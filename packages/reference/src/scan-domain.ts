import { isAlphanumeric, isDigit, isHexDigit, showAt } from './characters.ts'
import type { ReferenceFlaw } from './errors.ts'

const HYPHEN = 45
const DOT = 46
const COLON = 58

/**
 * Finds what is wrong with the domain in `text` from `start` to `end`: labels joined by dots, or an address in brackets,
 * and an optional port. Neither the value of the port nor the form of the address is checked, because the grammar does
 * not: whoever builds a URL from it must.
 */
export function scanDomain(text: string, start: number, end: number): ReferenceFlaw | undefined {
  const host = text.charAt(start) === '[' ? scanAddress(text, start, end) : scanLabels(text, start, end)
  if (typeof host !== 'number') return host
  if (host === end) return undefined
  let index = host + 1
  while (index < end && isDigit(text.charCodeAt(index))) index++
  if (index === end && index > host + 1) return undefined
  return flaw(text, index, end, 'a digit of the port')
}

/** Where the labels end, which is the end of the domain or the colon before its port. */
function scanLabels(text: string, start: number, end: number): number | ReferenceFlaw {
  let index = start
  for (;;) {
    let last = Number.NaN
    const label = index
    for (; index < end; index++) {
      const code = text.charCodeAt(index)
      if (!isAlphanumeric(code) && (code !== HYPHEN || index === label)) break
      last = code
    }
    if (!isAlphanumeric(last)) return flaw(text, index, end, 'a letter or digit of the host')
    if (index === end || text.charCodeAt(index) === COLON) return index
    if (text.charCodeAt(index) !== DOT) return flaw(text, index, end, 'a letter, a digit, "-", "." or ":"')
    index++
  }
}

/** Where the bracketed address ends, which is the end of the domain or the colon before its port. */
function scanAddress(text: string, start: number, end: number): number | ReferenceFlaw {
  let index = start + 1
  while (index < end && (isHexDigit(text.charCodeAt(index)) || text.charCodeAt(index) === COLON)) index++
  if (index === start + 1) return flaw(text, index, end, 'an IPv6 address')
  if (index >= end || text.charAt(index) !== ']') return flaw(text, index, end, 'a hex digit, ":" or "]"')
  index++
  if (index === end || text.charCodeAt(index) === COLON) return index
  return flaw(text, index, end, '":" or "/"')
}

function flaw(text: string, offset: number, end: number, wanted: string): ReferenceFlaw {
  return { part: 'domain', offset, found: showAt(text, offset, end), wanted }
}
