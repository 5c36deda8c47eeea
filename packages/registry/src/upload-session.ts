import type { Digest } from '@drayage/digest'

import type { Answer, Endpoint } from './endpoint.ts'
import { checkUploadLocation } from './url-gate.ts'

/** Where an upload goes on: at the registry, with its credentials, or at another host, without them. */
export type UploadSession =
  | { readonly at: 'registry'; readonly path: string }
  | { readonly at: 'elsewhere'; readonly url: URL }

/**
 * The session that a text names: a path of the registry, or a URL that passes the gate.
 *
 * @param from the URL that a relative text belongs to
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export function sessionAt(endpoint: Endpoint, text: string, from: URL): UploadSession {
  const location = URL.parse(text, from.href)?.href ?? text
  const { url, mayCarryCredentials } = checkUploadLocation(endpoint.origin(), location, endpoint.gate)
  return mayCarryCredentials ? { at: 'registry', path: endpoint.pathOf(url) } : { at: 'elsewhere', url }
}

/** The session that an answer names, if it names one. @throws UrlRefusedError `ERR_URL_REFUSED` */
export function sessionOf(endpoint: Endpoint, answer: Answer): UploadSession | undefined {
  const { headers, url } = answer.response
  const location = headers['location']
  return location === undefined || location === '' ? undefined : sessionAt(endpoint, location, new URL(url))
}

/** A session as text to keep; {@link sessionAt} reads it. It may hold a secret of the registry's. */
export function formatSession(session: UploadSession): string {
  return session.at === 'registry' ? session.path : session.url.href
}

/** The session's path or URL with `digest=` after what its query holds. */
export function withDigest(session: UploadSession, digest: Digest): UploadSession {
  const added = (text: string): string => {
    const glue = !text.includes('?') ? '?' : /[?&]$/.test(text) ? '' : '&'
    return `${text}${glue}digest=${encodeURIComponent(digest)}`
  }
  return session.at === 'registry'
    ? { at: 'registry', path: added(session.path) }
    : { at: 'elsewhere', url: new URL(added(session.url.href)) }
}

/**
 * How many bytes an upload holds by its `Range` header, which names the last one; `undefined` without such a header. Of
 * `0-0`, which means none as well as one, it says 0.
 *
 * @see OCI distribution-spec v1.1.1, "Pushing a blob in chunks"
 */
export function uploadedBytes(headers: Readonly<Record<string, string>>): number | undefined {
  const match = /^(?:bytes[= ])?0-(\d{1,15})$/i.exec(headers['range']?.trim() ?? '')
  if (match === null) return undefined
  const last = Number(match[1])
  return last === 0 ? 0 : last + 1
}

/** The smallest chunk that the registry takes, but for the last one; 0 when it does not say. */
export function minChunkBytes(headers: Readonly<Record<string, string>>): number {
  const text = headers['oci-chunk-min-length']?.trim() ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}
