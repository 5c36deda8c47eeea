import * as z from 'zod/mini'

import type { Digest } from '@drayage/digest'

import { boundedArray, digestCodec, lenientObject, listCodec, type Codec } from '../json/codec.ts'
import { MAX_LAYERS } from '../limits.ts'

/**
 * A manifest of the format before content-addressed images. Unknown members are kept.
 *
 * @see Docker Image Manifest V 2, Schema 1
 */
export interface Schema1Manifest {
  readonly schemaVersion: 1
  readonly name: string
  readonly tag: string
  readonly architecture: string
  /** Top to bottom. */
  readonly fsLayers: readonly { readonly blobSum: Digest }[]
  /** Top to bottom, one for each layer: a JSON document as text, not decoded. */
  readonly history: readonly { readonly v1Compatibility: string }[]
}

/** A signature over a schema 1 manifest: only what is needed to find the signed bytes. */
export interface Schema1Signature {
  /** JSON in base64url, with `formatLength` and `formatTail`. */
  readonly protected: string
}

/** How many signatures a schema 1 manifest may have: old registries added one with each push of the same manifest. */
export const MAX_SIGNATURES = 1000

const textOrNothing = z._default(z.string(), '')

/** Decodes the value of a schema 1 manifest, but for its version. */
export const schema1Codec: Codec<Omit<Schema1Manifest, 'schemaVersion'>> = lenientObject({
  name: textOrNothing,
  tag: textOrNothing,
  architecture: textOrNothing,
  fsLayers: listCodec(lenientObject({ blobSum: digestCodec }), MAX_LAYERS),
  history: listCodec(lenientObject({ v1Compatibility: textOrNothing }), MAX_LAYERS),
})

/** Decodes the signatures of a schema 1 manifest. */
export const signaturesCodec: Codec<Schema1Signature[]> = boundedArray(
  lenientObject({ protected: textOrNothing }),
  MAX_SIGNATURES,
)
