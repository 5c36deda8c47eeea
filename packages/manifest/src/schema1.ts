import * as z from 'zod/mini'

import { boundedArray, digestCodec, lenientObject, type Codec } from './codec.ts'
import type { Digest } from '@drayage/digest'
import { MAX_LAYERS } from './limits.ts'

/**
 * A manifest of the form that came before content-addressed images. Members that are not named here are kept.
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
  /** Top to bottom, as many as there are layers; each is a JSON document in text form, not decoded. */
  readonly history: readonly { readonly v1Compatibility: string }[]
  readonly signatures?: readonly Schema1Signature[]
}

/** A signature over a schema 1 manifest; only what is needed to find the signed bytes. */
export interface Schema1Signature {
  /** JSON in base64url, with `formatLength` and `formatTail`. */
  readonly protected: string
}

/** The most signatures that a schema 1 manifest may have. */
export const MAX_SIGNATURES = 16

/** Decodes the value of a schema 1 manifest. */
export const schema1Codec: Codec<Schema1Manifest> = lenientObject({
  schemaVersion: z.literal(1, { error: '1' }),
  name: z.string(),
  tag: z.string(),
  architecture: z.string(),
  fsLayers: boundedArray(lenientObject({ blobSum: digestCodec }), MAX_LAYERS),
  history: boundedArray(lenientObject({ v1Compatibility: z.string() }), MAX_LAYERS),
  signatures: z.exactOptional(boundedArray(lenientObject({ protected: z.string() }), MAX_SIGNATURES)),
})
