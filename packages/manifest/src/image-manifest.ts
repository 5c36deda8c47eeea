import * as z from 'zod/mini'

import { boundedArray, lenientObject, textMapCodec, type Codec } from './codec.ts'
import { configDescriptorCodec, descriptorCodec } from './descriptor-codec.ts'
import type { Descriptor } from './descriptor.ts'
import { MAX_LAYERS } from './limits.ts'

/**
 * An image or an artifact: a config and layers. Members that are not named here are kept.
 *
 * @see OCI image-spec v1.1.1, manifest.md; Docker Image Manifest V 2, Schema 2
 */
export interface ImageManifest {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  /** Its media type is empty where an old registry left it out. */
  readonly config: Descriptor
  /** Bottom to top. */
  readonly layers: readonly Descriptor[]
  /** The manifest that this one is about. */
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/** Decodes the value of an image manifest; no layers is an empty list. */
export const imageManifestCodec: Codec<ImageManifest> = lenientObject({
  schemaVersion: z.literal(2, { error: '2' }),
  mediaType: z.exactOptional(z.string()),
  artifactType: z.exactOptional(z.string()),
  config: configDescriptorCodec,
  layers: z._default(boundedArray(descriptorCodec, MAX_LAYERS), []),
  subject: z.exactOptional(descriptorCodec),
  annotations: z.exactOptional(textMapCodec),
})
