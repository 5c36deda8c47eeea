import { emptyResponse, type HttpResponse } from '@drayage/content'
import { type Digest, tryParseDigest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { contentResponse } from '../blobs/blobs.ts'
import { RequestRefusedError, requireDigest } from '../handler/refusal.ts'
import { type RegistryExchange, requireDeletes } from '../handler/exchange.ts'
import { isTag } from '@drayage/reference'
import { servedBytes } from './signed-form.ts'
import { forgetReferrer } from './subject.ts'

/** The last part of a manifest's path. */
export type ManifestName =
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'digest'; readonly digest: Digest }

/**
 * Parses the last part of a manifest's path; `undefined` when it is neither a digest nor a tag.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400, for a malformed digest
 */
export function parseManifestName(text: string): ManifestName | undefined {
  if (text.includes(':')) return { kind: 'digest', digest: requireDigest(text) }
  return isTag(text) ? { kind: 'tag', tag: text } : undefined
}

/** Answers GET and HEAD of a manifest. @see OCI distribution-spec v1.1.1, "Pulling manifests" (end-3) */
export async function getManifest(
  exchange: RegistryExchange,
  repository: string,
  reference: string,
): Promise<HttpResponse> {
  const { storage, request } = exchange
  const name = knownName(reference)
  const digest = name.kind === 'digest' ? name.digest : await storage.tags.get(repository, name.tag, request)
  const manifest = digest === undefined ? undefined : await storage.manifests.find(repository, digest, request)
  if (manifest === undefined || !(await storage.content.has(manifest, request))) throw manifestUnknown(reference)
  const served = await servedForm(exchange, manifest)
  return contentResponse(exchange, served, served.mediaType, manifest.digest)
}

/** What a manifest is served with. */
async function servedForm({ storage, request }: RegistryExchange, manifest: Descriptor): Promise<Descriptor> {
  const served = servedBytes(manifest)
  return served !== undefined && (await storage.content.has(served, request)) ? served : manifest
}

/**
 * Answers DELETE of a manifest: by tag it removes the tag, by digest the manifest and every tag that stands for it.
 *
 * @see OCI distribution-spec v1.1.1, "Deleting tags", "Deleting Manifests" (end-9)
 */
export async function deleteManifest(
  exchange: RegistryExchange,
  repository: string,
  reference: string,
): Promise<HttpResponse> {
  requireDeletes(exchange)
  const { storage, request } = exchange
  const name = knownName(reference)
  if (name.kind === 'tag') {
    if (!(await storage.tags.remove(repository, name.tag, request))) throw manifestUnknown(reference)
    return emptyResponse(202)
  }
  return await exchange.repositories.alone(repository, async () => {
    const manifest = await storage.manifests.find(repository, name.digest, request)
    if (manifest === undefined) throw manifestUnknown(reference)
    // First, as a storage may refuse it.
    await storage.manifests.unlink(repository, name.digest, request)
    const served = servedBytes(manifest)
    if (served !== undefined) await storage.manifests.unlink(repository, served.digest, request)
    await forgetTags(exchange, repository, name.digest)
    await forgetReferrer(exchange, repository, manifest)
    return emptyResponse(202)
  })
}

/** The answer when there is no such manifest. */
export function manifestUnknown(reference: string): RequestRefusedError {
  const detail = tryParseDigest(reference).ok ? { digest: reference } : { tag: reference.slice(0, 160) }
  return new RequestRefusedError({ status: 404, specCode: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail })
}

function knownName(reference: string): ManifestName {
  const name = parseManifestName(reference)
  if (name === undefined) throw manifestUnknown(reference)
  return name
}

async function forgetTags(exchange: RegistryExchange, repository: string, digest: Digest): Promise<void> {
  const { storage, request, limits } = exchange
  const { signal } = request
  let after: string | undefined
  for (;;) {
    const tags = await storage.names.tags(repository, { limit: limits.maxPageEntries, after, signal })
    for (const tag of tags ?? []) {
      if ((await storage.tags.get(repository, tag, request)) === digest)
        await storage.tags.remove(repository, tag, request)
    }
    after = tags?.at(-1)
    if (after === undefined) return
  }
}
