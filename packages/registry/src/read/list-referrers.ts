import type { AbortOptions } from '@drayage/bytes'
import type { ReferrersOptions } from '@drayage/content'
import { parseDigest, type Digest } from '@drayage/digest'
import {
  decodeManifest,
  isManifestError,
  MEDIA_TYPES,
  referrersTag,
  type DecodedIndex,
  type DecodedManifest,
  type Descriptor,
} from '@drayage/manifest'

import type { EndpointAnswer } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { RegistryError } from '../errors/answer-errors.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { discardBody, readBody } from '../http/body.ts'
import { isWebPage } from '../http/headers.ts'
import { MANIFEST_MAX_BYTES, MAX_REFERRERS } from '../limits.ts'
import { fetchManifest, resolveManifest } from './fetch-manifest.ts'
import { listPages } from './list-pages.ts'

/**
 * Answers of registries that do not serve the list, whose clients keep it under a tag; some refuse what they do not know,
 * or do not have, as if it were forbidden.
 */
const UNSERVED: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 501])

/** Answers to the question for the tag that say that there is no list under it. */
const UNKEPT: ReadonlySet<number> = new Set([400, 404, 406])

/** The path of the manifest under which clients keep the list of a subject, where the registry does not. */
export function keptListPath(subject: Digest): string {
  return `/manifests/${referrersTag(subject)}`
}

/** The request for the list of a subject. */
export function referrersRequest(
  { path }: RemoteRepository,
  subject: Digest,
): { readonly path: string; readonly headers: Readonly<Record<string, string>> } {
  return { path: `${path}/referrers/${parseDigest(subject)}`, headers: { accept: MEDIA_TYPES.ociIndex } }
}

/** Whether an answer to {@link referrersRequest} says that the registry serves no such list. */
export function isUnserved({ response: { status, headers } }: EndpointAnswer): boolean {
  return UNSERVED.has(status) || (status === 200 && isWebPage(headers))
}

/**
 * The manifests whose subject is the one with this digest. The filter is applied here, since registries' own filters
 * differ. A registry without the list is asked for the tag that clients keep it under; what is no list of referrers there is
 * none.
 *
 * @throws RegistryListingError `ERR_REGISTRY_LISTING` for pages in a circle, more than 1 000 pages or 100 000 referrers
 * @see OCI distribution-spec v1.1.1, "Listing Referrers", "Referrers Tag Schema"
 */
export async function* listReferrers(
  remote: RemoteRepository,
  subject: Digest,
  options: ReferrersOptions = {},
): AsyncGenerator<Descriptor, void, void> {
  const { artifactType } = options
  let isKept = false
  const first = async (answer: EndpointAnswer): Promise<EndpointAnswer | undefined> => {
    isKept = isUnserved(answer)
    if (isKept) await discardBody(answer.response)
    return isKept ? undefined : answer
  }
  const listing = {
    ...referrersRequest(remote, subject),
    first,
    readPage,
    keyOf: (referrer: Descriptor) => referrer.digest,
    maxItems: MAX_REFERRERS,
  }
  const isWanted = (referrer: Descriptor): boolean =>
    artifactType === undefined || referrer.artifactType === artifactType
  for await (const referrer of listPages(remote.endpoint, listing, options)) if (isWanted(referrer)) yield referrer
  if (isKept) yield* (await readKept(remote, subject, options)).filter(isWanted)
}

/** The list under the tag of a subject; empty where that names nothing, or what is no list of referrers. */
async function readKept(
  remote: RemoteRepository,
  subject: Digest,
  options: AbortOptions,
): Promise<readonly Descriptor[]> {
  try {
    const manifest = await fetchManifest(remote, { path: keptListPath(subject) }, options)
    return isReferrersList(manifest, subject) ? manifest.value.manifests : []
  } catch (error) {
    if (isManifestError(error) && error.code === 'ERR_MANIFEST_UNSUPPORTED') return []
    if (!(error instanceof RegistryError)) throw error
    if (UNKEPT.has(error.status) || (isDenial(error) && (await isReadable(remote, subject, options)))) return []
    throw error
  }
}

/**
 * Whether a manifest under the tag of a subject is a list of its referrers. Registries that read the tag as a digest give
 * the subject itself, and the images of an index are listed with their platforms and without the type of an artifact.
 */
function isReferrersList(manifest: DecodedManifest, subject: Digest): manifest is DecodedIndex {
  if (manifest.kind !== 'index' || manifest.descriptor.digest === subject) return false
  const { manifests } = manifest.value
  const isOfPlatforms =
    manifests.length > 0 &&
    manifests.every(({ platform, artifactType }) => platform !== undefined && artifactType === undefined)
  return manifest.descriptor.mediaType === MEDIA_TYPES.ociIndex && !isOfPlatforms
}

/** Whether an answer denies access, as some registries do for what they do not have. */
export function isDenial(error: unknown): boolean {
  return error instanceof RegistryError && (error.status === 401 || error.status === 403)
}

/** Whether this user may read a manifest, so that what is denied beside it is not there. */
async function isReadable(remote: RemoteRepository, digest: Digest, options: AbortOptions): Promise<boolean> {
  try {
    await resolveManifest(remote, { path: `/manifests/${parseDigest(digest)}`, digest }, options)
    return true
  } catch (error) {
    if (error instanceof RegistryError) return false
    throw error
  }
}

async function readPage({ response, body }: EndpointAnswer): Promise<readonly Descriptor[]> {
  const bytes = await readBody(response, { ...body, maxBytes: MANIFEST_MAX_BYTES })
  const page = decodeManifest(bytes, { mediaType: MEDIA_TYPES.ociIndex })
  if (page.kind === 'index') return page.value.manifests
  throw new RegistryProtocolError(body.facts, `the answer is a manifest (${page.kind}), expected an index`)
}
