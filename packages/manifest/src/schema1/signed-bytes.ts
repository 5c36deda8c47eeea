import { digestOf, tryParseDigest } from '@drayage/digest'

import type { Descriptor } from '../descriptor.ts'
import { manifestKind } from '../media-types.ts'

const SIGNED_BYTES = 'com.drayage.schema1.signed-bytes'

/**
 * The descriptor of a schema 1 manifest that tells where all its bytes are, those of its signatures too: its own digest and
 * size are of what was signed.
 */
export function withSignedBytes(what: Descriptor, received: Uint8Array): Descriptor {
  const value = `${digestOf(received)} ${received.byteLength}`
  return { ...what, annotations: { ...what.annotations, [SIGNED_BYTES]: value } }
}

/** Where all bytes of a schema 1 manifest are, where its descriptor tells; see {@link withSignedBytes}. */
export function signedBytesOf({ mediaType, annotations }: Descriptor): Descriptor | undefined {
  if (manifestKind(mediaType) !== 'schema1') return undefined
  const [digest = '', size = ''] = annotations?.[SIGNED_BYTES]?.split(' ', 2) ?? []
  const parsed = tryParseDigest(digest)
  if (!parsed.ok || !/^\d{1,7}$/.test(size)) return undefined
  return { mediaType: 'application/octet-stream', digest: parsed.value, size: Number(size) }
}
