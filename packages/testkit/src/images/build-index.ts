import type { Digest } from '@drayage/digest'
import { encodeManifest, MEDIA_TYPES, type Descriptor, type ImageIndex } from '@drayage/manifest'

import { annotationsOf, buildAttestation, UNKNOWN } from './build-attestation.ts'
import { describe, type TestImage } from './build-image.ts'
import type { TestFormat } from './build-layer.ts'

/** How to build an index. */
export interface BuildIndexOptions {
  /** `oci` by default. */
  readonly format?: TestFormat
  /** Members to add to the index, or to replace in it. */
  readonly index?: Partial<ImageIndex>
  /** Whether each image has an attestation, listed after all images as buildx does; `false` by default. */
  readonly attested?: boolean
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
  const attestations = options.attested === true ? images.flatMap(attestationsOf) : []
  const all = [...images, ...attestations.map(({ image }) => image)]
  const manifestValue: ImageIndex = {
    schemaVersion: 2,
    mediaType: options.format === 'docker' ? MEDIA_TYPES.dockerIndex : MEDIA_TYPES.ociIndex,
    manifests: [
      ...images.map((image) =>
        'platform' in image ? { ...image.manifest, platform: image.platform } : image.manifest,
      ),
      ...attestations.map(({ entry }) => entry),
    ],
    ...options.index,
  }
  const manifestBytes = encodeManifest(manifestValue)
  const manifest = describe(manifestValue.mediaType ?? MEDIA_TYPES.ociIndex, manifestBytes)
  const blobs = new Map(all.flatMap((image) => [...image.blobs])).set(manifest.digest, manifestBytes)
  return { manifest, manifestBytes, manifestValue, images: all, blobs }
}

/** The attestation of an image, and the entry that lists it. */
function attestationsOf(image: TestImage | TestIndex): { readonly image: TestImage; readonly entry: Descriptor }[] {
  if (!('platform' in image)) return []
  const attestation = buildAttestation(image)
  return [
    { image: attestation, entry: { ...attestation.manifest, platform: UNKNOWN, annotations: annotationsOf(image) } },
  ]
}
