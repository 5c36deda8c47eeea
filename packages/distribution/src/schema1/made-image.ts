import type { AbortOptions } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { digestOf, type Digest } from '@drayage/digest'
import {
  decodeManifest,
  encodeManifest,
  MEDIA_TYPES,
  type DecodedImageConfig,
  type DecodedImageManifest,
  type DecodedSchema1,
  type Descriptor,
} from '@drayage/manifest'

import { NotAnImageError } from '../errors.ts'

const GZIP = [0x1f, 0x8b]

/**
 * The schema 2 manifest of an image that schema 1 describes.
 *
 * @param config as `schema1Image` makes it
 * @param layers what the digests stand for; `content` has them
 */
export async function schema2Of(
  { descriptor, bytes }: Pick<DecodedImageConfig, 'descriptor' | 'bytes'>,
  digests: readonly Digest[],
  layers: ReadonlyMap<Digest, Descriptor>,
  content: Fetcher,
  options: AbortOptions,
): Promise<DecodedImageManifest> {
  const typed = new Map<Digest, Descriptor>()
  for (const [digest, layer] of layers) {
    const mediaType = (await isGzip(content, layer, options)) ? MEDIA_TYPES.dockerLayerGzip : MEDIA_TYPES.dockerLayer
    typed.set(digest, { ...layer, mediaType })
  }
  const manifest = decodeManifest(
    encodeManifest({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.dockerManifest,
      config: { ...descriptor, size: bytes.byteLength },
      layers: digests.flatMap((digest) => typed.get(digest) ?? []),
    }),
  )
  if (manifest.kind !== 'image') throw new NotAnImageError(manifest.descriptor.digest, manifest.descriptor.mediaType)
  return manifest
}

/** Schema 1 does not say how a layer is compressed, and some are not. */
async function isGzip(content: Fetcher, layer: Descriptor, { signal }: AbortOptions): Promise<boolean> {
  const start: number[] = []
  for await (const chunk of content.fetch(layer, { verify: false, signal })) {
    start.push(...chunk.subarray(0, GZIP.length))
    if (start.length >= GZIP.length) break
  }
  return GZIP.every((byte, index) => start[index] === byte)
}

/** Content of a signed manifest as a store keeps it: what was signed, which its digest is of, and all of it. */
export function signedContent({ bytes, received }: DecodedSchema1): { what: Descriptor; bytes: Uint8Array }[] {
  return [
    { what: describe(MEDIA_TYPES.schema1, bytes), bytes },
    { what: describe('application/octet-stream', received), bytes: received },
  ]
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
}
