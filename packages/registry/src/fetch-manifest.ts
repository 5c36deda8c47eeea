import type { AbortOptions } from '@drayage/bytes'
import { digestAlgorithm, DigestMismatchError, tryParseDigest, type Digest } from '@drayage/digest'
import { decodeManifest, MANIFEST_ACCEPT, type DecodedManifest } from '@drayage/manifest'

import { contentType, discardBody, readBody } from './body.ts'
import { expectStatus, type Endpoint } from './endpoint.ts'
import { RegistryProtocolError } from './errors.ts'
import { MANIFEST_MAX_BYTES } from './limits.ts'

/** The `Accept` header for manifests, with one more type when it is not among those known. */
export function acceptManifest(mediaType?: string): string {
  const isKnown = mediaType === undefined || MANIFEST_ACCEPT.includes(mediaType)
  // A type from a hostile index must not break out of the header.
  const isType = !isKnown && /^[\w.+-]{1,127}\/[\w.+-]{1,127}$/.test(mediaType)
  return (isType ? [...MANIFEST_ACCEPT, mediaType] : MANIFEST_ACCEPT).join(', ')
}

/** Content types that say nothing about which manifest it is. */
const VAGUE_TYPES: ReadonlySet<string> = new Set(['', 'application/json', 'application/octet-stream', 'text/plain'])

/** Which manifest to fetch. */
export interface WantedManifest {
  /** From `/v2/` on. */
  readonly path: string
  readonly digest?: Digest | undefined
  /** The type that a descriptor gives it. */
  readonly mediaType?: string | undefined
}

/**
 * Fetches, verifies and decodes a manifest of at most 4 MiB. Its size is that of its bytes, whatever a header or a
 * descriptor says; its digest must be the one asked for, or the one that the registry names when it was asked by tag.
 */
export async function fetchManifest(
  endpoint: Endpoint,
  wanted: WantedManifest,
  options: AbortOptions = {},
): Promise<DecodedManifest> {
  const headers = { accept: acceptManifest(wanted.mediaType) }
  const sent = await endpoint.send({ method: 'GET', path: wanted.path, headers, signal: options.signal })
  const { response, body } = await expectStatus(sent, 200)
  const type = contentType(response.headers)
  if (type === 'text/html' || type === 'application/xhtml+xml') {
    await discardBody(response)
    throw new RegistryProtocolError(body.facts, 'a web page', 'a manifest')
  }
  const bytes = await readBody(response, { ...body, maxBytes: MANIFEST_MAX_BYTES })
  const mediaType = VAGUE_TYPES.has(type) ? wanted.mediaType : type
  const manifest = decodeManifest(bytes, { mediaType, digest: wanted.digest })
  if (wanted.digest === undefined)
    checkNamedDigest(manifest.descriptor.digest, response.headers['docker-content-digest'])
  return manifest
}

/** What the header names is compared and never believed; a digest of another algorithm cannot be compared. */
function checkNamedDigest(actual: Digest, header: string | undefined): void {
  const named = tryParseDigest(header?.trim() ?? '')
  if (!named.ok || digestAlgorithm(named.value) !== digestAlgorithm(actual)) return
  if (named.value !== actual) throw new DigestMismatchError(actual, named.value)
}
