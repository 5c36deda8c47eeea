import * as z from 'zod/mini'

import { lenientObject, listCodec, textMapCodec, type Codec, schemaVersionCodec } from '../json/codec.ts'
import { descriptorCodec } from '../descriptor.ts'
import type { Descriptor } from '../descriptor.ts'
import { MAX_MANIFESTS } from '../limits.ts'

/**
 * A list of manifests, usually one for each platform. Unknown members are kept.
 *
 * @see OCI image-spec v1.1.1, image-index.md; Docker Image Manifest V 2, Schema 2, "Manifest List"
 */
export interface ImageIndex {
  readonly schemaVersion: 2
  readonly mediaType?: string
  readonly artifactType?: string
  readonly manifests: readonly Descriptor[]
  /** The manifest that this one refers to. */
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/** Decodes the value of an index; absent manifests are an empty list. */
export const imageIndexCodec: Codec<ImageIndex> = lenientObject({
  schemaVersion: schemaVersionCodec,
  mediaType: z.exactOptional(z.string()),
  artifactType: z.exactOptional(z.string()),
  manifests: listCodec(descriptorCodec, MAX_MANIFESTS),
  subject: z.exactOptional(descriptorCodec),
  annotations: z.exactOptional(textMapCodec),
})
