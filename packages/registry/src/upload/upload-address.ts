import type { Digest } from '@drayage/digest'

import type { EndpointAnswer } from '../endpoints/answer.ts'
import type { Endpoint } from '../endpoints/endpoint.ts'
import type { RequestFacts } from '../errors/answer-errors.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { UrlRefusedError } from '../errors/refusal-errors.ts'
import { checkUploadLocation } from '../gate/url-gate.ts'

/** Where an upload continues: at the registry, with its credentials, or at another host, without them. */
export type UploadAddress =
  | { readonly at: 'registry'; readonly path: string }
  | { readonly at: 'elsewhere'; readonly url: URL }

/**
 * The address that a text names: a path of the registry, or a URL that passes the gate.
 *
 * @param from the URL that a relative text belongs to
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export function parseAddress(endpoint: Endpoint, text: string, from: URL): UploadAddress {
  const location = URL.parse(text, from.href)?.href ?? text
  const { url, mayCarryCredentials } = checkUploadLocation(endpoint.origin(), location, endpoint.gate)
  return mayCarryCredentials ? { at: 'registry', path: endpoint.pathOf(url) } : { at: 'elsewhere', url }
}

/**
 * The address that an answer names, if it names one.
 *
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 * @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` when it is not a URL
 */
export function namedAddress(endpoint: Endpoint, { response, body }: EndpointAnswer): UploadAddress | undefined {
  const location = response.headers['location']?.trim() ?? ''
  if (location === '') return undefined
  try {
    return parseAddress(endpoint, location, new URL(response.url))
  } catch (cause) {
    if (!(cause instanceof UrlRefusedError) || cause.reason !== 'syntax') throw cause
    throw new RegistryProtocolError(body.facts, 'its Location header is not a URL', { cause })
  }
}

/** An address as text to keep; {@link parseAddress} reads it. It may hold a secret of the registry's. */
export function formatAddress(address: UploadAddress): string {
  return address.at === 'registry' ? address.path : address.url.href
}

/** The address with `digest=` after what its query holds. */
export function withDigestQuery(address: UploadAddress, digest: Digest): UploadAddress {
  const added = (text: string): string => {
    const glue = !text.includes('?') ? '?' : /[?&]$/.test(text) ? '' : '&'
    return `${text}${glue}digest=${encodeURIComponent(digest)}`
  }
  return address.at === 'registry'
    ? { at: 'registry', path: added(address.path) }
    : { at: 'elsewhere', url: new URL(added(address.url.href)) }
}

/**
 * How many bytes an upload holds by its `Range` header, which names the last one; `undefined` without such a header. Of
 * `0-0`, which stands for none as well as one, it gives 0.
 *
 * @see OCI distribution-spec v1.1.1, "Pushing a blob in chunks"
 */
export function uploadedBytes(headers: Readonly<Record<string, string>>): number | undefined {
  const match = /^(?:bytes[= ])?0-(\d{1,15})$/i.exec(headers['range']?.trim() ?? '')
  if (match === null) return undefined
  const last = Number(match[1])
  return last === 0 ? 0 : last + 1
}

/** The smallest chunk that the registry takes, except for the last one; 0 when it does not say. */
export function minChunkBytes(headers: Readonly<Record<string, string>>): number {
  const text = headers['oci-chunk-min-length']?.trim() ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : 0
}

/** The count that a `Range` header tells, else `sent`; `0-0` stands for none as well as one. */
export function countOf(headers: Readonly<Record<string, string>>, sent: number): number {
  const named = uploadedBytes(headers)
  return named === undefined || (named === 0 && sent <= 1) ? sent : named
}

/** The error of an answer that does not say where the upload continues; to try again is of no use. */
export function withoutLocation(facts: RequestFacts, options?: ErrorOptions): RegistryProtocolError {
  return new RegistryProtocolError(facts, 'the answer has no Location header, which says where it continues', options)
}
