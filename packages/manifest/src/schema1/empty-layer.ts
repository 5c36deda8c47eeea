import { parseDigest } from '@drayage/digest'

import type { Descriptor } from '../descriptor.ts'
import { MEDIA_TYPES } from '../media-types.ts'

const HEX = '1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000'

/** The layer that schema 1 uses for a step without one: an empty gzipped tar, the same bytes in every registry. */
export const SCHEMA1_EMPTY_LAYER: Descriptor = {
  mediaType: MEDIA_TYPES.dockerLayerGzip,
  digest: parseDigest('sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4'),
  size: HEX.length / 2,
}

/** The bytes of {@link SCHEMA1_EMPTY_LAYER}. */
export function schema1EmptyLayer(): Uint8Array {
  return Uint8Array.from(HEX.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
