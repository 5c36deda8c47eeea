import type { AbortOptions } from '@drayage/bytes'
import { readBlob } from '@drayage/content'
import { chainIds } from '@drayage/digest'
import { MAX_CONFIG_BYTES } from '@drayage/distribution'
import { decodeImageConfig, decodeManifest, type Descriptor } from '@drayage/manifest'

import type { LocalStore } from '../store/local-store.ts'

/**
 * Whether everything that an image of the store consists of is there: manifest and config are read and verified, layers
 * have to be registered and their blobs to be of the right size.
 */
export async function isWhole(
  { content, layers }: LocalStore,
  manifest: Descriptor,
  options: AbortOptions = {},
): Promise<boolean> {
  const { signal } = options
  try {
    const decoded = decodeManifest(await readBlob(content, manifest, { signal }), manifest)
    if (decoded.kind !== 'image') return false
    const { config } = decoded.value
    const bytes = await readBlob(content, config, { maxBytes: MAX_CONFIG_BYTES, signal })
    const { value } = decodeImageConfig(bytes, { digest: config.digest })
    for (const layer of decoded.value.layers) if (!(await content.has(layer, { signal }))) return false
    for (const id of chainIds(value.rootfs?.diff_ids ?? [])) if ((await layers.get(id)) === undefined) return false
    return true
  } catch {
    signal?.throwIfAborted()
    // Whatever cannot be read has to be brought again, which mends it or tells what is wrong.
    return false
  }
}
