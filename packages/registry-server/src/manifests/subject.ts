import { isContentError, readBlob } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { type DecodedManifest, decodeManifest, type Descriptor, referrerDescriptor, subjectOf } from '@drayage/manifest'

import type { RegistryExchange } from '../handler/exchange.ts'

/** Adds a manifest to the list of its subject's referrers. Resolves to its subject, if it has one. */
export async function noteReferrer(
  { storage, request }: RegistryExchange,
  repository: string,
  manifest: DecodedManifest,
): Promise<Digest | undefined> {
  const subject = subjectOf(manifest)
  if (subject === undefined) return undefined
  await storage.referrers.add(repository, subject, referrerDescriptor(manifest), request)
  return subject
}

/** Removes a manifest that is being deleted from the list of referrers. */
export async function forgetReferrer(
  exchange: RegistryExchange,
  repository: string,
  manifest: Descriptor,
): Promise<void> {
  const { storage, request, limits } = exchange
  const { mediaType, digest } = manifest
  try {
    const bytes = await readBlob(storage.content, manifest, {
      maxBytes: limits.maxManifestBytes,
      signal: request.signal,
    })
    const subject = subjectOf(decodeManifest(bytes, { mediaType, digest }))
    if (subject !== undefined) await storage.referrers.remove(repository, subject, digest, request)
  } catch (error) {
    // A manifest whose bytes are gone can still be deleted.
    if (!isContentError(error)) throw error
  }
}
