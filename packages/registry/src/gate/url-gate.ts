import type { DrayageErrorOptions } from '@drayage/bytes'

import { addressKind } from './address.ts'
import { UrlRefusedError, type UrlRefusal } from '../errors/refusal-errors.ts'
import { redactUrl } from './redact-url.ts'

/** What is allowed beyond the rules of {@link checkUrl}. */
export interface UrlGateOptions {
  /**
   * Tells whether registries may name a host (with its port, when it has one) although its address is private, such as the
   * object storage of your own registry. None by default.
   */
  readonly isTrustedHost?: ((host: string) => boolean) | undefined
  /** Whether a registry that answers by https may name an http URL; `false` by default. */
  readonly allowsHttp?: boolean
}

/**
 * The URL that `from` names as `target`, if it may be requested without credentials. The same origin is always allowed.
 * Any other needs http or https, no user-info, no step from https to http, and no address nearer to this machine than that
 * of `from`: only a loopback host leads to loopback, only a private address to a private one, and nothing to link-local,
 * unspecified, mapped or multicast addresses.
 *
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export function checkUrl(from: URL, target: string, options: UrlGateOptions = {}): URL {
  const url = parseTarget(from, target)
  if (url.origin === from.origin) return url
  const { protocol } = url
  if (protocol !== 'https:' && protocol !== 'http:')
    throw refused(url, 'scheme', `its scheme is ${protocol}, expected https`)
  if (from.protocol === 'https:' && protocol === 'http:' && options.allowsHttp !== true) {
    const hint = `If blobs of ${from.host} may go by http, which anyone on the way can read, allow it with http-blobs.`
    throw refused(url, 'downgrade', `${from.host} answers by https, and this is http`, { hint })
  }
  const kind = addressKind(url.hostname)
  const isAllowed = kind === 'public' || (kind !== 'never' && kind === addressKind(from.hostname))
  if (isAllowed || options.isTrustedHost?.(url.host) === true) return url
  throw refused(url, 'address', `${from.host} may not name a ${kind === 'never' ? 'reserved' : kind} address`)
}

/**
 * Who named a URL that passed {@link checkUrl}, as `HttpRequest.namedBy` has it; `undefined` for one of `from` itself, or of
 * a host that is trusted.
 */
export function namerOf(from: URL, url: URL, options: UrlGateOptions): string | undefined {
  return url.origin === from.origin || options.isTrustedHost?.(url.host) === true ? undefined : from.origin
}

/**
 * The URL that `from` names as `target`, such as the next page of a list, if it is on the same host. A registry behind a
 * proxy that names itself with http means the origin it was asked at.
 *
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export function checkSameHost(from: URL, target: string): URL {
  const url = parseTarget(from, target)
  if (url.protocol === 'http:' && url.host === from.host) url.protocol = from.protocol
  if (url.origin === from.origin) return url
  throw refused(url, 'origin', `${from.host} names another origin, expected ${from.origin}`)
}

/** Where an upload continues, and whether the registry's credentials may go with it. */
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
  return parseTarget(from, location).host === from.host
    ? { url: checkSameHost(from, location), mayCarryCredentials: true }
    : { url: checkUrl(from, location, options), mayCarryCredentials: false }
}

/** A URL without user-info; its fragment is dropped. */
function parseTarget(from: URL, target: string): URL {
  const url = URL.parse(target, from.href)
  if (url === null) throw new UrlRefusedError('(not a URL)', 'syntax', 'it is not a URL')
  if (url.username !== '' || url.password !== '') throw refused(url, 'user-info', 'it holds user-info')
  url.hash = ''
  return url
}

function refused(url: URL, reason: UrlRefusal, problem: string, options?: DrayageErrorOptions): UrlRefusedError {
  return new UrlRefusedError(redactUrl(url), reason, problem, options)
}
