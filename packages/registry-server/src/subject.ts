import { isContentError, readBlob } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { type DecodedManifest, decodeManifest, type Descriptor, referrerDescriptor, subjectOf } from '@drayage/manifest'

import type { Exchange } from './exchange.ts'

/** A manifest, and the digest that the repository has it by. */
export interface StoredManifest {
  readonly manifest: DecodedManifest
  readonly digest: Digest
}

/** Notes what a manifest refers to, so that the list of referrers has it; resolves to its subject, when it has one. */
export async function noteReferrer(
  { storage, request }: Exchange,
  repository: string,
  { manifest, digest }: StoredManifest,
): Promise<Digest | undefined> {
  const subject = subjectOf(manifest)
  if (subject === undefined) return undefined
  await storage.referrers.add(repository, subject, { ...referrerDescriptor(manifest), digest }, request)
  return subject
}

/** Takes a manifest that is being deleted out of the list of referrers. */
export async function forgetReferrer(exchange: Exchange, repository: string, manifest: Descriptor): Promise<void> {
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
