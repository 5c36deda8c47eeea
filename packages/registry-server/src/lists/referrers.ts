import { encodeText } from '@drayage/bytes'
import { type HttpResponse, jsonResponse } from '@drayage/content'
import { type Digest, tryParseDigest } from '@drayage/digest'
import { type Descriptor, MEDIA_TYPES } from '@drayage/manifest'

import { type RegistryExchange } from '../handler/exchange.ts'
import { requireDigest } from '../handler/refusal.ts'
import { nextLink } from './lists.ts'

/**
 * Lists the manifests whose subject has this digest, as an index that stays within the size of a manifest.
 *
 * @see OCI distribution-spec v1.1.1, "Listing Referrers" (end-12a, end-12b)
 */
export async function listReferrers(
  exchange: RegistryExchange,
  repository: string,
  digestText: string,
): Promise<HttpResponse> {
  const subject = requireDigest(digestText)
  const { query } = exchange
  const artifactType = query.get('artifactType') ?? ''
  const last = tryParseDigest(query.get('last') ?? '')
  const page = await readReferrers(exchange, repository, {
    subject,
    artifactType,
    after: last.ok ? last.value : undefined,
  })
  const headers: Record<string, string> = { 'content-type': MEDIA_TYPES.ociIndex }
  if (artifactType !== '') headers['oci-filters-applied'] = 'artifactType'
  if (page.next !== undefined) {
    const filter: Record<string, string> = artifactType === '' ? {} : { artifactType }
    headers['link'] = nextLink(`/v2/${repository}/referrers/${subject}`, { ...filter, last: page.next })
  }
  return jsonResponse(200, { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: page.manifests }, headers)
}

interface Wanted {
  readonly subject: Digest
  /** Empty for all. */
  readonly artifactType: string
  readonly after: Digest | undefined
}

interface ReferrersPage {
  readonly manifests: readonly Descriptor[]
  /** The digest that the next page starts after. */
  readonly next?: Digest
}

/** Room for the index around its descriptors. */
const ENVELOPE_BYTES = 256

async function readReferrers(exchange: RegistryExchange, repository: string, wanted: Wanted): Promise<ReferrersPage> {
  const { storage, limits, request } = exchange
  const { subject, artifactType, after } = wanted
  const manifests: Descriptor[] = []
  let bytes = ENVELOPE_BYTES
  for await (const referrer of storage.referrers.list(repository, subject, { after, signal: request.signal })) {
    if (artifactType !== '' && referrer.artifactType !== artifactType) continue
    bytes += encodeText(JSON.stringify(referrer)).byteLength + 1
    const previous = manifests.at(-1)
    const isFull = bytes > limits.maxManifestBytes || manifests.length >= limits.maxPageEntries
    if (previous !== undefined && isFull) return { manifests, next: previous.digest }
    manifests.push(referrer)
  }
  return { manifests }
}
