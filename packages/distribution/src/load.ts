import type { Fetcher } from '@drayage/content'
import type { ImageId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'
import { createTransferManager } from '@drayage/transfer'

import { bringImage } from './bring-image.ts'
import { DEFAULT_CONCURRENT_DOWNLOADS } from './defaults.ts'
import type { LayerState } from './events.ts'
import { inSink } from './in-sink.ts'
import type { LayerMeasurement, PullStore } from './ports.ts'
import type { PullOptions } from './pull.ts'
import { DEFAULT_RETRY_POLICY } from './retry-policy.ts'
import { selectImage } from './select-image.ts'

/** What a load brought. */
export interface LoadResult {
  readonly image: ImageId
  readonly manifest: Descriptor
}

/**
 * Brings an image from an archive or a layout into a store and gives it names there. It is verified as a pulled one is, and
 * nothing of it is visible before it is whole; a name that stood for another image stands for this one afterwards.
 *
 * @param what the image or the index to choose it from, and its names, each with a tag
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED`
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function load<M extends LayerMeasurement>(
  source: Fetcher,
  store: PullStore<M>,
  what: { readonly target: Descriptor; readonly names: readonly Reference[] },
  options: PullOptions,
): Promise<LoadResult> {
  const { target, names } = what
  const { signal, platform } = options
  const context = {
    signal,
    platform,
    onEvent: options.onEvent ?? ((): void => {}),
    transfers: options.transfers ?? createTransferManager<LayerState>({ limit: DEFAULT_CONCURRENT_DOWNLOADS }),
    retry: options.retry ?? DEFAULT_RETRY_POLICY,
    name: target.digest,
  }
  const selected = await selectImage(source, store.content, target, context)
  const manifest = selected.manifest.descriptor
  const inStore = <T>(step: () => Promise<T>): Promise<T> => inSink('store', `image ${manifest.digest}`, step, context)
  const present = await inStore(() => store.images.findImage(manifest, { signal }))
  const image = present ?? (await bringImage(source, store, selected, undefined, context))
  for (const name of names) await inStore(() => store.images.nameImage(name, target, image, { signal }))
  return { image, manifest }
}
