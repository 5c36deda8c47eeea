import type { AbortOptions } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import type { ChainId, DiffId, Digest, ImageId } from '@drayage/digest'
import {
  checkLayerCount,
  decodeImageConfig,
  MAX_RUNNABLE_LAYERS,
  requireImageConfig,
  type DecodedImageConfig,
  type DecodedImageManifest,
} from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { MAX_CONFIG_BYTES } from './defaults.ts'
import { ImageMismatchError, TransferError } from './errors.ts'
import { fetchSmall, type FetchSmallOptions } from './fetch-manifest.ts'
import type { LayerMeasurement, PullStore } from './ports.ts'
import { pullLayer, type PulledLayer, type PullLayerOptions } from './pull-layer.ts'
import type { SelectedImage } from './select-image.ts'

/** Options of {@link bringImage}. */
export interface BringImageOptions extends PullLayerOptions, FetchSmallOptions {
  /** What the user asked for, for messages. */
  readonly name: string
}

/**
 * Brings config and layers of an image into the store, side by side, checks them against each other and registers the
 * layers bottom to top and then the image.
 *
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED`
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function bringImage<M extends LayerMeasurement>(
  source: Fetcher,
  store: PullStore<M>,
  { manifest, index }: SelectedImage,
  repository: Repository,
  options: BringImageOptions,
): Promise<ImageId> {
  const { layers, config: wanted } = manifest.value
  requireImageConfig(manifest.value)
  if (layers.length > MAX_RUNNABLE_LAYERS) {
    throw new ImageMismatchError(manifest.descriptor, `${layers.length} layers`, `at most ${MAX_RUNNABLE_LAYERS}`)
  }
  await store.content.keep([wanted, ...layers], options)
  const { config, pulled } = await fetchParts(source, store, manifest, options)
  const id = wanted.digest as string as ImageId
  await registerLayers(store, manifest, config, pulled, options)
  await store.images.putImage(
    { id, manifest: manifest.descriptor, config, layers, index, repository },
    { signal: options.signal },
  )
  return id
}

interface ImageParts<M extends LayerMeasurement> {
  readonly config: DecodedImageConfig
  readonly pulled: ReadonlyMap<Digest, PulledLayer<M>>
}

/** Fetches the config beside the layers; the first failure stops the rest, and all have stopped when it is thrown. */
async function fetchParts<M extends LayerMeasurement>(
  source: Fetcher,
  store: PullStore<M>,
  manifest: DecodedImageManifest,
  options: BringImageOptions,
): Promise<ImageParts<M>> {
  const failed = new AbortController()
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([failed.signal, options.signal])
  const pulled = new Map<Digest, PulledLayer<M>>()
  const fetching: Promise<unknown>[] = []
  const config = fetchConfig(source, store, manifest, { ...options, signal })
  fetching.push(config)
  for (const layer of new Map(manifest.value.layers.map((each) => [each.digest, each])).values()) {
    fetching.push(
      pullLayer(source, store, layer, { ...options, signal }).then((result) => pulled.set(layer.digest, result)),
    )
  }
  try {
    await Promise.all(fetching)
  } catch (error) {
    failed.abort(error)
    await Promise.allSettled(fetching)
    throw error
  }
  return { config: await config, pulled }
}

async function fetchConfig<M extends LayerMeasurement>(
  source: Fetcher,
  store: PullStore<M>,
  manifest: DecodedImageManifest,
  options: BringImageOptions,
): Promise<DecodedImageConfig> {
  const wanted = manifest.value.config
  const bytes = await fetchSmall(source, store.content, wanted, MAX_CONFIG_BYTES, options)
  const config = decodeImageConfig(bytes, { digest: wanted.digest })
  checkLayerCount(manifest.value, config.value)
  return config
}

async function registerLayers<M extends LayerMeasurement>(
  store: PullStore<M>,
  manifest: DecodedImageManifest,
  config: DecodedImageConfig,
  pulled: ReadonlyMap<Digest, PulledLayer<M>>,
  options: AbortOptions,
): Promise<void> {
  const image = manifest.value.config.digest as string as ImageId
  const diffIds: readonly DiffId[] = config.value.rootfs?.diff_ids ?? []
  let parent: ChainId | undefined
  for (const [position, layer] of manifest.value.layers.entries()) {
    const result = pulled.get(layer.digest)
    const expected = diffIds[position]
    if (result === undefined || expected === undefined) {
      throw new ImageMismatchError(manifest.descriptor, `${diffIds.length} DiffIDs`, String(manifest.value.layers.length))
    }
    if (result.diffId !== expected) {
      throw new ImageMismatchError(
        manifest.descriptor,
        `DiffID ${result.diffId} of layer ${layer.digest}`,
        expected,
      )
    }
    try {
      parent = await store.layers.register(layer, result.measurement, { diffId: expected, parent, image }, options)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw new TransferError('sink', 'register', `layer ${layer.digest}`, error)
    }
  }
}
