import type { Fetcher } from '@drayage/content'
import { checkLayerCount, decodeImageConfig, requireImageLayers } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import { MAX_CONFIG_BYTES } from '../defaults.ts'
import { NotAnImageError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import type { ImageWriter } from '../ports.ts'
import { fetchStream } from '../retry/fetch-stream.ts'
import { readManifest, readSmall } from '../retry/small-content.ts'
import type { CopyContext } from './context.ts'
import { withForeignLayers } from './foreign-layers.ts'
import type { CopySelection } from './selection.ts'

/**
 * Copies the one image of a selection to a place that takes whole images with their layers in order.
 *
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED` and UnsupportedLayerError `ERR_LAYER_UNSUPPORTED` for an artifact
 * @throws LayerCountError `ERR_LAYER_COUNT`
 */
export async function copyToWriter(
  { root, source }: CopySelection,
  writer: ImageWriter,
  names: readonly Reference[],
  context: CopyContext,
): Promise<void> {
  const { signal, anyCase } = context
  const manifest = await readManifest(source, root, context)
  if (manifest.kind !== 'image') throw new NotAnImageError(root.digest, root.mediaType)
  requireImageLayers(manifest.value)
  const { config: wanted, layers } = manifest.value
  const limits = { ...context, kind: 'image config', maxBytes: MAX_CONFIG_BYTES }
  const config = await readSmall(source, wanted, limits)
  // There is one DiffID for each layer, or this throws.
  const diffIds = checkLayerCount(manifest.value, decodeImageConfig(config, { digest: wanted.digest, anyCase }).value)
  const image = {
    manifest: root,
    config,
    layers: layers.flatMap((descriptor, position) => {
      const diffId = diffIds[position]
      return diffId === undefined ? [] : [{ descriptor, diffId }]
    }),
    names,
    content: streaming(withForeignLayers(source, context.foreignLayers), context),
  }
  await writer.add(image, { signal })
}

/** The source, whose whole layers survive broken connections and are reported. */
function streaming(source: Fetcher, { retry, onEvent }: CopyContext): Fetcher {
  return {
    fetch(layer, options = {}) {
      if ((options.offset ?? 0) > 0) return source.fetch(layer, options)
      const onState = (state: LayerState): void => onEvent({ type: 'layer', digest: layer.digest, layer: state })
      return fetchStream(source, layer, { signal: options.signal, retry, onState })
    },
  }
}
