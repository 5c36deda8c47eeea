import { type Digest, digestAlgorithm, digestHex } from '@drayage/digest'

import type { Descriptor } from '../descriptor.ts'
import { isLayerType } from '../media-types.ts'
import type { DecodedManifest } from './decode-manifest.ts'

/**
 * The content that makes `manifest` complete, in document order: config and layers of an image, manifests of an index. The
 * subject is not part of it. Schema 1, which has no sizes, gives an empty list. The same content may be listed repeatedly.
 */
export function children(manifest: DecodedManifest): Descriptor[] {
  switch (manifest.kind) {
    case 'image':
      return [manifest.value.config, ...manifest.value.layers]
    case 'index':
      return [...manifest.value.manifests]
    case 'schema1':
      return []
  }
}

/**
 * Whether a layer is kept elsewhere, at URLs that its descriptor names, so that a registry or a layout may list it without
 * having it.
 *
 * @see OCI image-spec v1.1.1, descriptor.md, "urls"
 */
export function isForeignLayer({ mediaType, urls = [] }: Descriptor): boolean {
  return isLayerType(mediaType) && urls.some((url) => /^https?:/i.test(url))
}

/** The digest of the manifest that `manifest` refers to. */
export function subjectOf(manifest: DecodedManifest): Digest | undefined {
  return manifest.kind === 'schema1' ? undefined : manifest.value.subject?.digest
}

/**
 * The entry for `manifest` in a list of referrers.
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
 * The tag under which clients keep the referrers of a manifest where the registry does not list them.
 *
 * @see OCI distribution-spec v1.1.1, "Referrers Tag Schema"
 */
export function referrersTag(digest: Digest): string {
  return `${digestAlgorithm(digest).slice(0, 32)}-${digestHex(digest).slice(0, 64)}`
}
