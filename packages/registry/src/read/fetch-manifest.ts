import type { AbortOptions } from '@drayage/bytes'
import { ContentNotFoundError, NameNotFoundError } from '@drayage/content'
import { digestAlgorithm, DigestMismatchError, digestOf, parseDigest, type Digest } from '@drayage/digest'
import {
  decodeManifest,
  isManifestError,
  isManifestType,
  isVagueType,
  MANIFEST_ACCEPT,
  type DecodedManifest,
  type Descriptor,
} from '@drayage/manifest'
import { formatReference, withDefaultTag, type Reference } from '@drayage/reference'

import { expectStatus, isOfGet, type EndpointAnswer } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { RegistryNotFoundError } from '../errors/answer-errors.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { discardBody, readBody } from '../http/body.ts'
import { contentLength, contentType, isWebPage, namedDigest, otherDigest } from '../http/headers.ts'
import { MANIFEST_MAX_BYTES } from '../limits.ts'

/** The `Accept` header for manifests, with one more type when it is not among those known. */
export function acceptManifest(mediaType?: string): string {
  const isKnown = mediaType === undefined || MANIFEST_ACCEPT.includes(mediaType)
  // A type from a hostile index must not break out of the header.
  const isType = !isKnown && /^[\w.+-]{1,127}\/[\w.+-]{1,127}$/.test(mediaType)
  return (isType ? [...MANIFEST_ACCEPT, mediaType] : MANIFEST_ACCEPT).join(', ')
}

/** Which manifest to fetch. */
export interface WantedManifest {
  /** Below the repository's path, from `/manifests/` on. */
  readonly path: string
  readonly digest?: Digest | undefined
  /** The type that a descriptor gives it. */
  readonly mediaType?: string | undefined
}

/**
 * Fetches, verifies and decodes a manifest of at most 4 MiB. Its size is that of its bytes, whatever a header or a
 * descriptor says; its digest is the one asked for, or the one that the registry names when it is asked by tag.
 *
 * @throws RegistryNotFoundError `ERR_REGISTRY_NOT_FOUND`
 */
export async function fetchManifest(
  remote: RemoteRepository,
  wanted: WantedManifest,
  { signal }: AbortOptions,
): Promise<DecodedManifest> {
  const headers = { accept: acceptManifest(wanted.mediaType) }
  return await readManifest(
    await remote.endpoint.send({ method: 'GET', path: remote.path + wanted.path, headers, signal }),
    wanted,
  )
}

async function readManifest(sent: EndpointAnswer, wanted: WantedManifest): Promise<DecodedManifest> {
  const { response, body } = await expectStatus(sent, 200)
  if (isWebPage(response.headers)) {
    await discardBody(response)
    throw new RegistryProtocolError(body.facts, 'the answer is a web page, expected a manifest')
  }
  const bytes = await readBody(response, { ...body, maxBytes: MANIFEST_MAX_BYTES })
  const type = contentType(response.headers)
  const mediaType = isVagueType(type) ? wanted.mediaType : type
  // By a tag the registry says by which algorithm it names the manifest.
  const named = namedDigest(response.headers)
  const isOwn = named !== undefined && digestAlgorithm(named) !== 'sha256'
  const digest = wanted.digest ?? (isOwn ? named : undefined)
  const checkNamed = (actual: Digest, options?: ErrorOptions): void => {
    const other = wanted.digest === undefined ? otherDigest(response.headers, actual) : undefined
    if (other !== undefined) throw new DigestMismatchError(actual, other, options)
  }
  try {
    const manifest = decodeManifest(bytes, { mediaType, digest })
    checkNamed(manifest.descriptor.digest)
    return manifest
  } catch (cause) {
    // Bytes that were damaged on their way are said to be so, however they read.
    if (isManifestError(cause)) checkNamed(digestOf(bytes), { cause })
    throw cause
  }
}

/** Fetches the manifest of a descriptor. @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND` */
export async function fetchDescribed(
  remote: RemoteRepository,
  { digest, mediaType }: Descriptor,
  options: AbortOptions,
): Promise<DecodedManifest> {
  const path = `/manifests/${parseDigest(digest)}`
  try {
    return await fetchManifest(remote, { path, digest, ...(isManifestType(mediaType) && { mediaType }) }, options)
  } catch (error) {
    throw error instanceof RegistryNotFoundError
      ? new ContentNotFoundError(digest, { cause: error, doubtful: true })
      : error
  }
}

/**
 * The descriptor of a manifest, by HEAD, which registries do not count against limits; by GET when HEAD is refused or does
 * not give digest, type and size. What HEAD says is a hint: fetching the manifest verifies it.
 *
 * @throws RegistryNotFoundError `ERR_REGISTRY_NOT_FOUND`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` when the answer names another digest than the one asked for
 */
export async function resolveManifest(
  remote: RemoteRepository,
  wanted: WantedManifest,
  options: AbortOptions,
): Promise<Descriptor> {
  const headers = { accept: acceptManifest() }
  const path = remote.path + wanted.path
  const answer = await remote.endpoint.send({ method: 'HEAD', path, headers, signal: options.signal })
  if (isOfGet(answer)) return (await readManifest(answer, wanted)).descriptor
  await discardBody(answer.response)
  const hint = answer.response.status === 200 ? describe(answer.response.headers) : undefined
  // Of a 404 the body may say whether the tag or the repository is missing.
  if (hint === undefined) return (await fetchManifest(remote, wanted, options)).descriptor
  if (wanted.digest !== undefined && hint.digest !== wanted.digest) {
    throw new DigestMismatchError(hint.digest, wanted.digest)
  }
  return hint
}

/** What the headers of a HEAD say, when they say everything and it can be right. */
function describe(headers: Readonly<Record<string, string>>): Descriptor | undefined {
  const digest = namedDigest(headers)
  const mediaType = contentType(headers)
  const size = contentLength(headers)
  const isWhole = isManifestType(mediaType) && size !== undefined && size > 0 && size <= MANIFEST_MAX_BYTES
  return digest !== undefined && isWhole ? { mediaType, digest, size } : undefined
}

/** What `work` gives; that the registry does not have it becomes that the name stands for nothing. */
export async function orNameNotFound<T>(reference: Reference, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof RegistryNotFoundError)) throw error
    throw new NameNotFoundError(formatReference(withDefaultTag(reference)), { cause: error })
  }
}
