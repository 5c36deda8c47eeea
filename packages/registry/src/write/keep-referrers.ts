import type { AbortOptions } from '@drayage/bytes'
import { digestOf, type Digest } from '@drayage/digest'
import {
  encodeManifest,
  ManifestTooLargeError,
  MEDIA_TYPES,
  referrerDescriptor,
  type DecodedManifest,
  type Descriptor,
  type ImageIndex,
} from '@drayage/manifest'

import { expectStatus } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { RegistryNotFoundError, type RequestFacts } from '../errors/answer-errors.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { closeBody } from '../http/body.ts'
import { MANIFEST_MAX_BYTES } from '../limits.ts'
import { fetchDescribed, fetchManifest } from '../read/fetch-manifest.ts'
import { isDenial, isUnserved, keptListPath, referrersRequest } from '../read/list-referrers.ts'
import { putManifest } from './put-manifest.ts'

/** How often the list is written when another client writes it at the same time. */
const ROUNDS = 4

/**
 * Makes manifests that are in the repository known as referrers. A registry that lists referrers knows them; for another
 * one they are added to the index under the tag where clients look. The entries of that index stay, and when another client
 * writes it at the same time, it is read and written again.
 *
 * @throws ManifestTooLargeError `ERR_MANIFEST_TOO_LARGE` when the index would be larger than a manifest may be
 * @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` when the index does not keep what is put into it
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests with Subject"
 */
export async function keepReferrers(
  remote: RemoteRepository,
  subject: Digest,
  referrers: readonly Descriptor[],
  options: AbortOptions = {},
): Promise<void> {
  if (referrers.length === 0 || (await isServed(remote, subject, options))) return
  const path = keptListPath(subject)
  for (let round = 0; round < ROUNDS; round++) {
    const found = await findManifest(remote, path, options)
    // A registry that reads the tag as a digest gives the subject itself: what is put there cannot be seen.
    const isHidden = found?.descriptor.digest === subject
    if (isHidden && round > 0) return
    const index = found === undefined || isHidden ? EMPTY : indexOf(found, factsOf('GET', remote, path))
    const listed = new Set(index.manifests.map(({ digest }) => digest))
    const missing = referrers.filter(({ digest }) => !listed.has(digest))
    if (missing.length === 0) return
    const added: Descriptor[] = []
    for (const each of missing) added.push(referrerDescriptor(await fetchDescribed(remote, each, options)))
    const bytes = encodeManifest({ ...index, manifests: [...index.manifests, ...added] })
    if (bytes.byteLength > MANIFEST_MAX_BYTES) {
      throw new ManifestTooLargeError('manifest', bytes.byteLength, MANIFEST_MAX_BYTES)
    }
    const what = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(bytes), size: bytes.byteLength }
    await putManifest(remote, { path, what, bytes }, options)
  }
  throw new RegistryProtocolError(factsOf('PUT', remote, path), 'the registry does not keep the index that was put')
}

const EMPTY: ImageIndex = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }

/** Whether the registry lists referrers itself. */
async function isServed(remote: RemoteRepository, subject: Digest, { signal }: AbortOptions): Promise<boolean> {
  const answer = await remote.endpoint.send({ method: 'GET', ...referrersRequest(remote, subject), signal })
  const isKept = isUnserved(answer)
  if (!isKept) await expectStatus(answer, 200)
  await closeBody(answer.response.body)
  return !isKept
}

/** What is under a tag; `undefined` where there is nothing, or where the registry does not tell. */
async function findManifest(
  remote: RemoteRepository,
  path: string,
  options: AbortOptions,
): Promise<DecodedManifest | undefined> {
  try {
    return await fetchManifest(remote, { path }, options)
  } catch (error) {
    if (error instanceof RegistryNotFoundError || isDenial(error)) return undefined
    throw error
  }
}

function indexOf(manifest: DecodedManifest, facts: RequestFacts): ImageIndex {
  if (manifest.kind === 'index') return manifest.value
  throw new RegistryProtocolError(facts, `the answer is a manifest (${manifest.kind}), expected an index`)
}

function factsOf(method: string, { endpoint, path: base }: RemoteRepository, path: string): RequestFacts {
  return { method, url: `https://${endpoint.host}${base}${path}` }
}
