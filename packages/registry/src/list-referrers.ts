import type { AbortOptions } from '@drayage/bytes'
import type { ReferrersOptions } from '@drayage/content'
import { parseDigest, type Digest } from '@drayage/digest'
import { decodeManifest, MEDIA_TYPES, referrersTag, type Descriptor } from '@drayage/manifest'

import { contentType, discardBody, readBody } from './body.ts'
import type { Answer, Endpoint } from './endpoint.ts'
import { RegistryNotFoundError, RegistryProtocolError } from './errors.ts'
import { fetchManifest } from './fetch-manifest.ts'
import { MANIFEST_MAX_BYTES, MAX_REFERRERS } from './limits.ts'
import { listPages } from './list-pages.ts'

/** Answers of registries that do not serve the list, whose clients keep it under a tag. */
const UNSERVED: ReadonlySet<number> = new Set([400, 404, 405, 501])

/**
 * The manifests whose subject is the one with this digest. The filter is applied here, since registries' own filters
 * differ. A registry without the list is asked for the tag that clients keep it under.
 *
 * @param path the repository's, from `/v2/` on
 * @throws RegistryListingError `ERR_REGISTRY_LISTING` for pages in a circle, over 1 000 pages or over 100 000 referrers
 * @see OCI distribution-spec v1.1.1, "Listing Referrers", "Referrers Tag Schema"
 */
export async function* listReferrers(
  endpoint: Endpoint,
  path: string,
  digest: Digest,
  options: ReferrersOptions = {},
): AsyncGenerator<Descriptor, void, void> {
  const { artifactType } = options
  let isUnserved = false
  const first = async (answer: Answer): Promise<Answer | undefined> => {
    isUnserved = isReferrersListUnserved(answer)
    if (isUnserved) await discardBody(answer.response)
    return isUnserved ? undefined : answer
  }
  const listing = {
    path: `${path}/referrers/${parseDigest(digest)}`,
    headers: { accept: MEDIA_TYPES.ociIndex },
    first,
    readPage,
    keyOf: (referrer: Descriptor) => referrer.digest,
    maxItems: MAX_REFERRERS,
  }
  const isWanted = (referrer: Descriptor): boolean =>
    artifactType === undefined || referrer.artifactType === artifactType
  for await (const referrer of listPages(endpoint, listing, options)) if (isWanted(referrer)) yield referrer
  if (isUnserved) yield* (await listTagged(endpoint, path, digest, options)).filter(isWanted)
}

/** Whether an answer to a request for a list of referrers says that the registry serves none. */
export function isReferrersListUnserved({ response: { status, headers } }: Answer): boolean {
  return UNSERVED.has(status) || (status === 200 && contentType(headers) === 'text/html')
}

async function listTagged(
  endpoint: Endpoint,
  path: string,
  digest: Digest,
  options: AbortOptions,
): Promise<readonly Descriptor[]> {
  try {
    const manifest = await fetchManifest(endpoint, { path: `${path}/manifests/${referrersTag(digest)}` }, options)
    return manifest.kind === 'index' ? manifest.value.manifests : []
  } catch (error) {
    if (error instanceof RegistryNotFoundError) return []
    throw error
  }
}

async function readPage(answer: Answer): Promise<readonly Descriptor[]> {
  const { response, body } = answer
  const bytes = await readBody(response, { ...body, maxBytes: MANIFEST_MAX_BYTES })
  const page = decodeManifest(bytes, { mediaType: MEDIA_TYPES.ociIndex })
  if (page.kind !== 'index') throw new RegistryProtocolError(body.facts, `a manifest (${page.kind})`, 'an index')
  return page.value.manifests
}
