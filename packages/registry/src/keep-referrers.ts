import type { AbortOptions } from '@drayage/bytes'
import { digestOf, parseDigest, type Digest } from '@drayage/digest'
import {
  encodeManifest,
  ManifestTooLargeError,
  MEDIA_TYPES,
  referrerDescriptor,
  referrersTag,
  type Descriptor,
  type ImageIndex,
} from '@drayage/manifest'

import { closeBody } from './body.ts'
import { expectStatus, type Endpoint } from './endpoint.ts'
import { RegistryNotFoundError, RegistryProtocolError } from './errors.ts'
import { fetchManifest } from './fetch-manifest.ts'
import { MANIFEST_MAX_BYTES } from './limits.ts'
import { isReferrersListUnserved } from './list-referrers.ts'
import { putManifest } from './put-manifest.ts'

/** Which list is kept and what is added to it. */
export interface KeptReferrers {
  /** The repository's path, from `/v2/` on. */
  readonly path: string
  readonly subject: Digest
  readonly referrers: readonly Descriptor[]
}

/** How often the list is written anew when another client writes it at the same time. */
const ROUNDS = 4

/**
 * Makes manifests that are in the repository known as referrers. A registry that lists referrers knows them; for another
 * one they are added to the index under the tag where clients look. What is in that index stays, and when another client
 * wrote it at the same time, it is read and written again.
 *
 * @throws ManifestTooLargeError `ERR_MANIFEST_TOO_LARGE` when the index would be larger than a manifest may be
 * @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` when the index does not keep what is put into it
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests with Subject"
 */
export async function keepReferrers(endpoint: Endpoint, kept: KeptReferrers, options: AbortOptions): Promise<void> {
  const { path, subject, referrers } = kept
  if (referrers.length === 0 || (await isServed(endpoint, path, subject, options))) return
  const tagPath = `${path}/manifests/${referrersTag(subject)}`
  for (let round = 0; round < ROUNDS; round++) {
    const index = await readTagged(endpoint, tagPath, options)
    const listed = new Set(index.manifests.map(({ digest }) => digest))
    const missing = referrers.filter(({ digest }) => !listed.has(digest))
    if (missing.length === 0) return
    const added: Descriptor[] = []
    for (const { digest, mediaType } of missing) {
      const wanted = { path: `${path}/manifests/${parseDigest(digest)}`, digest, mediaType }
      added.push(referrerDescriptor(await fetchManifest(endpoint, wanted, options)))
    }
    const bytes = encodeManifest({ ...index, manifests: [...index.manifests, ...added] })
    if (bytes.byteLength > MANIFEST_MAX_BYTES) {
      throw new ManifestTooLargeError('manifest', bytes.byteLength, MANIFEST_MAX_BYTES)
    }
    const what = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(bytes), size: bytes.byteLength }
    await putManifest(endpoint, { path: tagPath, what, bytes }, options)
  }
  const facts = { method: 'PUT', url: `https://${endpoint.host}${tagPath}` }
  throw new RegistryProtocolError(facts, 'an index without what was put', 'what was put')
}

/** Whether the registry lists referrers itself. */
async function isServed(endpoint: Endpoint, path: string, subject: Digest, options: AbortOptions): Promise<boolean> {
  const headers = { accept: MEDIA_TYPES.ociIndex }
  const request = { method: 'GET', path: `${path}/referrers/${parseDigest(subject)}`, headers, signal: options.signal }
  const answer = await endpoint.send(request)
  const isUnserved = isReferrersListUnserved(answer)
  if (!isUnserved) await expectStatus(answer, 200)
  await closeBody(answer.response.body)
  return !isUnserved
}

async function readTagged(endpoint: Endpoint, path: string, options: AbortOptions): Promise<ImageIndex> {
  try {
    const manifest = await fetchManifest(endpoint, { path }, options)
    if (manifest.kind === 'index') return manifest.value
    const facts = { method: 'GET', url: `https://${endpoint.host}${path}` }
    throw new RegistryProtocolError(facts, `a manifest (${manifest.kind})`, 'an index')
  } catch (error) {
    if (!(error instanceof RegistryNotFoundError)) throw error
    return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }
  }
}
