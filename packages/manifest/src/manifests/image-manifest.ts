import * as z from 'zod/mini'

import { lenientObject, listCodec, textMapCodec, type Codec, schemaVersionCodec } from '../json/codec.ts'
import { configDescriptorCodec, descriptorCodec } from '../descriptor.ts'
import type { Descriptor } from '../descriptor.ts'
import { MAX_LAYERS } from '../limits.ts'

/**
 * An image or an artifact: a config and layers. Unknown members are kept.
 *
 * @see OCI image-spec v1.1.1, manifest.md; Docker Image Manifest V 2, Schema 2
 */
export interface ImageManifest {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  /** Its media type is empty where an old registry omitted it. */
  readonly config: Descriptor
  /** Bottom to top. */
  readonly layers: readonly Descriptor[]
  /** The manifest that this one refers to. */
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/** Decodes the value of an image manifest; absent layers are an empty list. */
export const imageManifestCodec: Codec<ImageManifest> = lenientObject({
  schemaVersion: schemaVersionCodec,
  mediaType: z.exactOptional(z.string()),
  artifactType: z.exactOptional(z.string()),
  config: configDescriptorCodec,
  layers: listCodec(descriptorCodec, MAX_LAYERS),
  subject: z.exactOptional(descriptorCodec),
  annotations: z.exactOptional(textMapCodec),
})
