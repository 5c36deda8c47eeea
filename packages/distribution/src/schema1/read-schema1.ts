import { forEachOf, fromBytes } from '@drayage/bytes'
import type { BlobSizer, Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import {
  MEDIA_TYPES,
  Schema1Error,
  SCHEMA1_EMPTY_LAYER,
  schema1EmptyLayer,
  schema1Image,
  type DecodedSchema1,
  type Descriptor,
  type Schema1Image,
} from '@drayage/manifest'

import { PLAN_REQUESTS } from '../defaults.ts'
import { NotAnImageError } from '../errors.ts'
import { atSource, type AttemptContext } from '../retry/attempt.ts'

/**
 * The image that a signed schema 1 manifest describes.
 *
 * @throws Schema1Error `ERR_SCHEMA1` for a manifest that contradicts itself, or has no signature
 */
export function readSchema1(manifest: DecodedSchema1): Schema1Image {
  if (!manifest.isSigned) throw new Schema1Error('missing signature key', 'signatures', 'nothing', 'signatures')
  return schema1Image(manifest)
}

/**
 * The layers with these digests, each once, as the source says how large they are: schema 1 does not.
 *
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for a source that cannot tell
 * @throws TransferError `ERR_TRANSFER`
 */
export async function describeLayers(
  source: Partial<BlobSizer>,
  manifest: DecodedSchema1,
  digests: readonly Digest[],
  context: AttemptContext,
): Promise<ReadonlyMap<Digest, Descriptor>> {
  const { sizeOf } = source
  if (sizeOf === undefined) throw new NotAnImageError(manifest.descriptor.digest, manifest.descriptor.mediaType)
  const described = new Map<Digest, Descriptor>(digests.map((digest) => [digest, SCHEMA1_EMPTY_LAYER]))
  const describe = async (digest: Digest, signal: AbortSignal): Promise<void> => {
    if (digest === SCHEMA1_EMPTY_LAYER.digest) return
    const blob = { mediaType: MEDIA_TYPES.dockerLayerGzip, digest }
    const ask = (): Promise<number> => sizeOf(blob, { signal })
    const size = await atSource('resolve', `blob ${digest}`, ask, { ...context, signal })
    described.set(digest, { ...blob, size })
  }
  await forEachOf(described.keys(), describe, { limit: PLAN_REQUESTS, signal: context.signal })
  return described
}

/** The source and the layer of steps that changed nothing, which is the same for every image. */
export function withEmptyLayer(source: Fetcher): Fetcher {
  return {
    fetch: (what, options) =>
      what.digest === SCHEMA1_EMPTY_LAYER.digest
        ? fromBytes(schema1EmptyLayer().subarray(options?.offset))
        : source.fetch(what, options),
  }
}
