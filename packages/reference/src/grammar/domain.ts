import type { ReferenceFlaw } from '../errors.ts'
import { isAlphanumeric, isDigit, isHexDigit, flawAt } from './characters.ts'

/** The domain of references without one: Docker Hub. */
export const DEFAULT_DOMAIN = 'docker.io'

/** The first path component that references to Docker Hub may omit. */
export const OFFICIAL_PREFIX = 'library/'

const LEGACY_DEFAULT_DOMAIN = 'index.docker.io'

/** Where the domain and the rest of a reference are. */
export interface DomainSplit {
  /** The domain in normal form. */
  readonly domain: string
  /** Where the domain ends in the text; 0 without one. */
  readonly domainEnd: number
  /** Where the rest starts in the text. */
  readonly start: number
}

/**
 * Splits `text` at its first slash; the left part is a domain only when {@link looksLikeDomain} says so. Domains are
 * compared whole, so `evildocker.io` is not Docker Hub.
 */
export function splitDomain(text: string): DomainSplit {
  const slash = text.indexOf('/')
  if (slash < 0 || !looksLikeDomain(text.slice(0, slash))) return { domain: DEFAULT_DOMAIN, domainEnd: 0, start: 0 }
  const typed = text.slice(0, slash)
  const domain = typed === LEGACY_DEFAULT_DOMAIN ? DEFAULT_DOMAIN : typed
  return { domain, domainEnd: slash, start: slash + 1 }
}

/**
 * Tells whether the text before the first slash is a domain: it contains a `.`, a `:` or an upper-case letter, which no path
 * may, or is `localhost`.
 */
export function looksLikeDomain(text: string): boolean {
  return text.includes('.') || text.includes(':') || text === 'localhost' || text.toLowerCase() !== text
}

const HYPHEN = 45
const DOT = 46
const COLON = 58

/**
 * Finds what is wrong with the domain in `text` from `start` to `end`: labels joined by dots, or an address in brackets,
 * and an optional port. As in the grammar, neither the value of the port nor the form of the address is checked; code that
 * builds a URL from it must do so.
 */
export function scanDomain(text: string, start: number, end: number): ReferenceFlaw | undefined {
  const host = text.charAt(start) === '[' ? scanAddress(text, start, end) : scanLabels(text, start, end)
  if (typeof host !== 'number') return host
  if (host === end) return undefined
  let index = host + 1
  while (index < end && isDigit(text.charCodeAt(index))) index++
  if (index === end && index > host + 1) return undefined
  return flawAt('domain', text, index, end, 'a digit of the port')
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
    if (!isAlphanumeric(last)) return flawAt('domain', text, index, end, 'a letter or digit of the host')
    if (index === end || text.charCodeAt(index) === COLON) return index
    if (text.charCodeAt(index) !== DOT) return flawAt('domain', text, index, end, 'a letter, a digit, "-", "." or ":"')
    index++
  }
}

/** Where the bracketed address ends, which is the end of the domain or the colon before its port. */
function scanAddress(text: string, start: number, end: number): number | ReferenceFlaw {
  let index = start + 1
  while (index < end && (isHexDigit(text.charCodeAt(index)) || text.charCodeAt(index) === COLON)) index++
  if (index === start + 1) return flawAt('domain', text, index, end, 'an IPv6 address')
  if (index >= end || text.charAt(index) !== ']') return flawAt('domain', text, index, end, 'a hex digit, ":" or "]"')
  index++
  if (index === end || text.charCodeAt(index) === COLON) return index
  return flawAt('domain', text, index, end, '":" or "/"')
}
