import type { DiffId } from '@drayage/digest'

import { requireRootFs } from './decode-image-config.ts'
import { LayerCountError } from './errors.ts'
import type { ImageConfig } from './image-config.ts'
import type { ImageManifest } from './image-manifest.ts'

/**
 * Checks that a manifest and its config tell of the same number of layers, and that the history does not tell of more.
 * Gives the DiffIDs, one for each layer of the manifest, bottom to top.
 *
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @throws ImageConfigSyntaxError `ERR_CONFIG_SYNTAX` when the config has no `rootfs`
 * @see OCI image-spec v1.1.1, config.md, "rootfs"
 */
export function checkLayerCount(manifest: ImageManifest, config: ImageConfig): readonly DiffId[] {
  const diffIds = requireRootFs(config).diff_ids
  const layers = manifest.layers.length
  if (layers !== diffIds.length) {
    throw new LayerCountError(`${layers} layers`, `${diffIds.length}, one for each DiffID`, layers, diffIds.length)
  }
  const steps = config.history?.filter((entry) => entry.empty_layer !== true).length ?? 0
  if (steps > diffIds.length) {
    throw new LayerCountError(
      `${steps} steps with a layer`,
      `at most ${diffIds.length} as DiffIDs`,
      steps,
      diffIds.length,
    )
  }
  return diffIds
}
