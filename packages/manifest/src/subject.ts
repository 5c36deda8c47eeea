import { digestAlgorithm, digestHex, type Digest } from '@drayage/digest'

import type { DecodedManifest } from './decode-manifest.ts'
import type { Descriptor } from './descriptor.ts'

/** The digest of the manifest that `manifest` refers to. */
export function subjectOf(manifest: DecodedManifest): Digest | undefined {
  return manifest.kind === 'schema1' ? undefined : manifest.value.subject?.digest
}

/**
 * How a list of referrers shows `manifest`.
 *
 * @see OCI distribution-spec v1.1.1, "Listing Referrers"
 */
export function referrerDescriptor(manifest: DecodedManifest): Descriptor {
  const { mediaType, digest, size } = manifest.descriptor
  if (manifest.kind === 'schema1') return { mediaType, digest, size }
  const { annotations } = manifest.value
  const fallback = manifest.kind === 'image' ? manifest.value.config.mediaType : undefined
  const artifactType = manifest.value.artifactType ?? fallback
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined || artifactType === '' ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
}

/**
 * The tag under which clients keep the referrers of a manifest where registries do not list them.
 *
 * @see OCI distribution-spec v1.1.1, "Referrers Tag Schema"
 */
export function referrersTag(digest: Digest): string {
  return `${digestAlgorithm(digest).slice(0, 32)}-${digestHex(digest).slice(0, 64)}`
}
