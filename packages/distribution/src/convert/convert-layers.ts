import { withTaskGroup } from '@drayage/bytes'
import { digestAlgorithm, type DiffId, type DigestAlgorithm } from '@drayage/digest'
import {
  isForeignLayerType,
  layerCompression,
  recompressedLayer,
  type DecodedImageManifest,
  type Descriptor,
  type ImageManifest,
} from '@drayage/manifest'

import type { ConvertContext, LayerRecompression } from './convert-options.ts'
import { ImageMismatchError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import type { RecompressedBlob } from '../ports.ts'
import { recompressLayer } from './recompress-layer.ts'

/** The layers of an image that do not have the compression that is wanted. */
export function layersToRecompress(
  { layers }: ImageManifest,
  { recompress }: Pick<ConvertContext, 'recompress'>,
): readonly Descriptor[] {
  if (recompress === undefined) return []
  return layers.filter(({ mediaType }) => {
    const compression = isForeignLayerType(mediaType) ? undefined : layerCompression(mediaType)
    return compression !== undefined && (compression !== recompress.compression || recompress.level !== undefined)
  })
}

/** The layers as they will be described, but for digest and size. */
export function plannedLayers(
  { layers }: ImageManifest,
  changing: readonly Descriptor[],
  { recompress }: Pick<ConvertContext, 'recompress'>,
): Descriptor[] {
  return layers.map((layer) =>
    recompress !== undefined && changing.includes(layer)
      ? recompressedLayer(layer, layer, recompress.compression)
      : layer,
  )
}

/**
 * Recompresses the layers that are to change, several at a time, and gives all layers of the image. The first failure
 * stops the rest, and all has stopped when it is thrown.
 *
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
 */
export async function recompressLayers(
  { descriptor, value }: DecodedImageManifest,
  diffIds: readonly DiffId[],
  changing: readonly Descriptor[],
  context: ConvertContext,
): Promise<Descriptor[]> {
  const { recompress } = context
  if (recompress === undefined) return [...value.layers]
  const changed = async (layer: Descriptor, index: number, shared: ConvertContext): Promise<Descriptor> => {
    if (!changing.includes(layer)) return layer
    const diffId = diffIds[index]
    const algorithm = diffId === undefined ? undefined : digestAlgorithm(diffId)
    const blob = await recompressOnce(layer, { ...recompress, algorithm }, shared)
    const { digest } = blob.uncompressed
    if (diffId === undefined || digest !== (diffId as string)) {
      const problem = "a layer doesn't match image configuration"
      throw new ImageMismatchError(descriptor, problem, `${digest} in ${layer.digest}`, String(diffId))
    }
    return recompressedLayer(layer, blob, recompress.compression)
  }
  return await withTaskGroup(context, async ({ start }) => {
    const work = value.layers.map((layer, index) => start((signal) => changed(layer, index, { ...context, signal })))
    return await Promise.all(work)
  })
}

/** Recompresses a layer, unless this conversion has done so for another image. */
async function recompressOnce(
  layer: Descriptor,
  recompress: LayerRecompression & { readonly algorithm: DigestAlgorithm | undefined },
  context: ConvertContext,
): Promise<RecompressedBlob> {
  const { recompressed, transfers, onEvent, signal } = context
  const begun = recompressed.get(layer.digest)
  if (begun !== undefined) return await begun
  const tell = (state: LayerState): void => onEvent({ type: 'layer', digest: layer.digest, layer: state })
  // Conversions have scratch stores of their own.
  const work = transfers
    .scope(recompressed)
    .run(
      `recompress ${layer.digest}`,
      ({ signal: stop, report }) => recompressLayer(layer, recompress, { ...context, signal: stop, onState: report }),
      { signal, onProgress: tell, onState: (state) => state === 'waiting' && tell({ state: 'waiting' }) },
    )
  recompressed.set(layer.digest, work)
  const blob = await work
  context.made.add(blob.digest)
  tell({ state: 'recompressed' })
  return blob
}
