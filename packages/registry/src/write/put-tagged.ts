import type { AbortOptions } from '@drayage/bytes'
import { digestAlgorithm, DigestMismatchError, parseDigest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { RemoteRepository } from '../endpoints/fallback.ts'
import { tagPath } from '../endpoints/repository-path.ts'
import { namedDigest } from '../http/headers.ts'
import { resolveManifest } from '../read/fetch-manifest.ts'
import { putManifest } from './put-manifest.ts'

/** A manifest to put under a tag. */
export interface TaggedManifest {
  readonly tag: string
  readonly what: Descriptor
  /** The caller has verified them. */
  readonly bytes: Uint8Array
}

/**
 * Puts a manifest and makes a tag stand for its digest. By a tag alone registries name it by sha256, so that one with
 * another algorithm is put by its digest with the tag as a parameter; a registry that does not say that it gave the tag is
 * asked by the tag with the digest as a parameter.
 *
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` when the tag stands for another digest then
 * @see OCI distribution-spec after v1.1.1, "Pushing Manifests": `tag` parameters and `OCI-Tag`
 */
export async function putTagged(
  remote: RemoteRepository,
  { tag, what, bytes }: TaggedManifest,
  options: AbortOptions,
): Promise<void> {
  const path = tagPath(tag)
  if (digestAlgorithm(what.digest) === 'sha256') {
    await putManifest(remote, { path, what, bytes }, options)
    return
  }
  const digest = parseDigest(what.digest)
  const byDigest = await putManifest(remote, { path: `/manifests/${digest}?tag=${tag}`, what, bytes }, options)
  if (listed(byDigest['oci-tag'] ?? '').includes(tag)) return
  const byTag = await putManifest(remote, { path: `${path}?digest=${digest}`, what, bytes }, options)
  if (namedDigest(byTag) !== undefined) return
  const { digest: named } = await resolveManifest(remote, { path }, options)
  if (named !== digest) {
    const hint = `The registry does not name manifests by ${digestAlgorithm(digest)}.`
    throw new DigestMismatchError(named, digest, { hint })
  }
}

/** The values of a list header. @see RFC 9110, section 5.6.1 */
function listed(header: string): string[] {
  return header.split(',').map((value) => value.trim())
}
