/** The domain of references that name none: Docker Hub. */
export const DEFAULT_DOMAIN = 'docker.io'

/** The first path component that references to Docker Hub may leave out. */
export const OFFICIAL_PREFIX = 'library/'

const LEGACY_DEFAULT_DOMAIN = 'index.docker.io'

/** Where the domain and the rest of a reference are. */
export interface DomainSplit {
  /** The domain in normal form. */
  readonly domain: string
  /** Where the domain ends in the text; 0 when the text names none. */
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
 * Tells whether what stands before the first slash is a domain: it holds a `.` or a `:`, is `localhost`, or holds an
 * upper-case letter, which no path may.
 */
export function looksLikeDomain(text: string): boolean {
  return text.includes('.') || text.includes(':') || text === 'localhost' || text.toLowerCase() !== text
}
