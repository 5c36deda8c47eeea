import { addressKind } from './address.ts'
import { UrlRefusedError } from './errors.ts'
import { redactUrl } from './redact-url.ts'

/** What an owner of a registry may allow beyond the rules of {@link checkUrl}. */
export interface UrlGateOptions {
  /**
   * Tells whether a host (with its port, when it has one) may be named by registries although its address is private,
   * such as the object storage of one's own registry. None by default.
   */
  readonly isTrustedHost?: ((host: string) => boolean) | undefined
}

/**
 * The URL that `from` names as `target`, if it may be requested without credentials. The same origin is always allowed.
 * Otherwise it needs http or https, no user-info, no step from https to http, and no address nearer to this machine than
 * the one of `from`: only a loopback host leads to loopback, only a private address to a private one, and nothing to
 * link-local, unspecified, mapped or multicast addresses.
 *
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export function checkUrl(from: URL, target: string, options: UrlGateOptions = {}): URL {
  const url = URL.parse(target, from.href)
  const shown = url === null ? '(not a URL)' : redactUrl(url)
  if (url === null) throw new UrlRefusedError(shown, 'syntax', 'other text', 'a URL')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new UrlRefusedError(shown, 'scheme', `scheme ${url.protocol}`, 'https')
  }
  if (url.username !== '' || url.password !== '') throw new UrlRefusedError(shown, 'user-info', 'user-info', 'none')
  url.hash = ''
  if (url.origin === from.origin) return url
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw new UrlRefusedError(shown, 'downgrade', 'http after https', 'https')
  }
  const kind = addressKind(url.hostname)
  const isAllowed = kind === 'public' || (kind !== 'never' && kind === addressKind(from.hostname))
  if (isAllowed || options.isTrustedHost?.(url.host) === true) return url
  throw new UrlRefusedError(
    shown,
    'address',
    `a ${kind === 'never' ? 'reserved' : kind} address named by ${from.host}`,
    'a public host',
  )
}

/**
 * The URL that a listing of `from` names as its next page. It must be on the same host; a registry behind a proxy that
 * names itself with http is taken to mean the origin it was asked at.
 *
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export function checkNextPage(from: URL, target: string): URL {
  return sameHost(from, target)
}

/** Where an upload goes on, and whether the registry's credentials may go with it. */
export interface UploadLocation {
  readonly url: URL
  readonly mayCarryCredentials: boolean
}

/**
 * The URL that an upload's answer names in `Location`: relative, or on the registry's own host, with credentials; on
 * another host that passes {@link checkUrl}, without.
 *
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export function checkUploadLocation(from: URL, location: string, options: UrlGateOptions = {}): UploadLocation {
  const target = URL.parse(location, from.href)
  if (target !== null && target.host === from.host) return { url: sameHost(from, location), mayCarryCredentials: true }
  return { url: checkUrl(from, location, options), mayCarryCredentials: false }
}

function sameHost(from: URL, target: string): URL {
  const url = URL.parse(target, from.href)
  const shown = url === null ? '(not a URL)' : redactUrl(url)
  if (url === null) throw new UrlRefusedError(shown, 'syntax', 'other text', 'a URL')
  if (url.username !== '' || url.password !== '') throw new UrlRefusedError(shown, 'user-info', 'user-info', 'none')
  if (url.protocol === 'http:' && url.host === from.host) url.protocol = from.protocol
  url.hash = ''
  if (url.origin === from.origin) return url
  throw new UrlRefusedError(shown, 'origin', `another origin named by ${from.host}`, from.origin)
}
