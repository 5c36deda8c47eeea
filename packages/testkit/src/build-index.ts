import type { Digest } from '@drayage/digest'
import { encodeManifest, MEDIA_TYPES, type Descriptor, type ImageIndex } from '@drayage/manifest'

import { describe, type TestImage } from './build-image.ts'
import type { TestFormat } from './build-layer.ts'

/** How to build an index. */
export interface BuildIndexOptions {
  /** `oci` by default. */
  readonly format?: TestFormat
  /** Members to add to the index, or to replace in it. */
  readonly index?: Partial<ImageIndex>
}

/** An index or manifest list in memory. */
export interface TestIndex {
  readonly manifest: Descriptor
  readonly manifestBytes: Uint8Array
  readonly manifestValue: ImageIndex
  readonly images: readonly (TestImage | TestIndex)[]
  /** Everything by digest: this index and all that its images have. */
  readonly blobs: Map<Digest, Uint8Array>
}

/** An index of these images in this order, each with its platform; an index within it has none. */
export function buildIndex(images: readonly (TestImage | TestIndex)[], options: BuildIndexOptions = {}): TestIndex {
  const manifestValue: ImageIndex = {
    schemaVersion: 2,
    mediaType: options.format === 'docker' ? MEDIA_TYPES.dockerIndex : MEDIA_TYPES.ociIndex,
    manifests: images.map((image) =>
      'platform' in image ? { ...image.manifest, platform: image.platform } : image.manifest,
    ),
    ...options.index,
  }
  const manifestBytes = encodeManifest(manifestValue)
  const manifest = describe(manifestValue.mediaType ?? MEDIA_TYPES.ociIndex, manifestBytes)
  const blobs = new Map(images.flatMap((image) => [...image.blobs])).set(manifest.digest, manifestBytes)
  return { manifest, manifestBytes, manifestValue, images, blobs }
}
