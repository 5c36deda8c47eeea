import * as z from 'zod/mini'

import { boundedArray, lenientObject, textMapCodec, type Codec } from './codec.ts'
import { descriptorCodec } from './descriptor-codec.ts'
import type { Descriptor } from './descriptor.ts'
import { MAX_MANIFESTS } from './limits.ts'

/**
 * A list of manifests, usually one for each platform. Members that are not named here are kept.
 *
 * @see OCI image-spec v1.1.1, image-index.md; Docker Image Manifest V 2, Schema 2, "Manifest List"
 */
export interface ImageIndex {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  readonly manifests: readonly Descriptor[]
  /** The manifest that this one is about. */
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/** Decodes the value of an index. */
export const imageIndexCodec: Codec<ImageIndex> = lenientObject({
  schemaVersion: z.literal(2, { error: '2' }),
  mediaType: z.exactOptional(z.string()),
  artifactType: z.exactOptional(z.string()),
  manifests: boundedArray(descriptorCodec, MAX_MANIFESTS),
  subject: z.exactOptional(descriptorCodec),
  annotations: z.exactOptional(textMapCodec),
})
