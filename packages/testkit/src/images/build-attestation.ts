import { encodeText } from '@drayage/bytes'
import { parseImageId } from '@drayage/digest'
import { encodeManifest, MEDIA_TYPES, type Descriptor, type ImageManifest, type Platform } from '@drayage/manifest'

import { describe, type TestImage } from './build-image.ts'

/** The platform of what runs nowhere. */
export const UNKNOWN: Platform = { os: 'unknown', architecture: 'unknown' }

/** What an index says of the attestation of an image, as BuildKit does. */
export function annotationsOf({ manifest }: Pick<TestImage, 'manifest'>): NonNullable<Descriptor['annotations']> {
  return {
    'vnd.docker.reference.digest': manifest.digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  }
}

/** The attestation of an image as BuildKit makes it: a manifest whose layers are statements about it. */
export function buildAttestation(image: TestImage): TestImage {
  const statement = encodeText(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v0.2',
      subject: [{ name: 'test', digest: { sha256: image.manifest.digest.slice('sha256:'.length) } }],
    }),
  )
  const layer = {
    ...describe('application/vnd.in-toto+json', statement),
    annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
  }
  const configValue = { ...UNKNOWN, config: {}, rootfs: { type: 'layers' as const, diff_ids: [layer.digest] } }
  const configBytes = encodeText(JSON.stringify(configValue))
  const config = describe(MEDIA_TYPES.ociConfig, configBytes)
  const manifestValue: ImageManifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config,
    layers: [layer],
  }
  const manifestBytes = encodeManifest(manifestValue)
  const manifest = describe(MEDIA_TYPES.ociManifest, manifestBytes)
  return {
    ...{ manifest, manifestBytes, manifestValue, config, configBytes, layers: [], platform: UNKNOWN },
    configValue: { ...UNKNOWN, rootfs: { type: 'layers', diff_ids: [] } },
    imageId: parseImageId(config.digest),
    blobs: new Map([
      [layer.digest, statement],
      [config.digest, configBytes],
      [manifest.digest, manifestBytes],
    ]),
  }
}
