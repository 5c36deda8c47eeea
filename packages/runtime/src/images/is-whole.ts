import type { AbortOptions } from '@drayage/bytes'
import { readBlob, type Checker, type Fetcher } from '@drayage/content'
import { chainIds } from '@drayage/digest'
import { MAX_CONFIG_BYTES } from '@drayage/distribution'
import { decodeImageConfig, decodeManifest, type Descriptor } from '@drayage/manifest'

import type { LayerReader } from '@drayage/layer-store'

import { hasIntact } from '../check/has-intact.ts'

/**
 * Whether an image is stored completely: manifest and config are read and verified, layers have to be registered and their
 * blobs to be what came.
 */
export async function isWhole(
  { content, layers }: { readonly content: Fetcher & Checker; readonly layers: Pick<LayerReader, 'get'> },
  manifest: Descriptor,
  options: AbortOptions = {},
): Promise<boolean> {
  const { signal } = options
  try {
    const decoded = decodeManifest(await readBlob(content, manifest, { signal }), manifest)
    if (decoded.kind !== 'image') return false
    const { config } = decoded.value
    const bytes = await readBlob(content, config, { maxBytes: MAX_CONFIG_BYTES, signal })
    const { value } = decodeImageConfig(bytes, { digest: config.digest, anyCase: true })
    for (const layer of decoded.value.layers) if (!(await hasIntact(content, layer, { signal }))) return false
    for (const id of chainIds(value.rootfs?.diff_ids ?? [])) if ((await layers.get(id)) === undefined) return false
    return true
  } catch {
    signal?.throwIfAborted()
    // What cannot be read is fetched again, which repairs it or shows what is wrong.
    return false
  }
}
