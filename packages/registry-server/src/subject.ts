import type { Digest } from '@drayage/digest'
import type { DecodedManifest, Descriptor } from '@drayage/manifest'

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
