import type { AbortOptions } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { parseImageId, type ChainId, type Digest, type ImageId } from '@drayage/digest'
import {
  checkLayerCount,
  decodeImageConfig,
  MAX_RUNNABLE_LAYERS,
  requireImageConfig,
  type DecodedImageConfig,
  type DecodedImageManifest,
  type Descriptor,
} from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { MAX_CONFIG_BYTES } from './defaults.ts'
import { ImageMismatchError } from './errors.ts'
import { fetchSmall, type FetchSmallOptions } from './fetch-manifest.ts'
import { inSink } from './in-sink.ts'
import type { LayerMeasurement, PullStore } from './ports.ts'
import { findLayer, pullLayer, type PulledLayer, type PullLayerOptions } from './pull-layer.ts'
import type { SelectedImage } from './select-image.ts'

const MISMATCH = "layers from manifest don't match image configuration"

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
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function bringImage<M extends LayerMeasurement>(
  source: Fetcher,
  store: PullStore<M>,
  { manifest, index }: SelectedImage,
  repository: Repository | undefined,
  options: BringImageOptions,
): Promise<ImageId> {
  const { layers, config: wanted } = manifest.value
  requireImageConfig(manifest.value)
  if (layers.length > MAX_RUNNABLE_LAYERS) {
    throw new ImageMismatchError(
      manifest.descriptor,
      'too many layers',
      String(layers.length),
      `at most ${MAX_RUNNABLE_LAYERS}`,
    )
  }
  const name = `image ${wanted.digest}`
  await inSink('store', name, () => store.content.keep([wanted, ...layers], options), options)
  const { config, pulled } = await fetchParts(source, store, manifest, options)
  const id = parseImageId(wanted.digest)
  await registerLayers(store, manifest, config, pulled, options)
  const image = { id, manifest: manifest.descriptor, config, layers, index, repository }
  await inSink('store', name, () => store.images.putImage(image, { signal: options.signal }), options)
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
  const { pulled, missing } = await findLayers(store, manifest, options)
  const config = fetchConfig(source, store, manifest, { ...options, signal })
  const fetching: Promise<unknown>[] = [config]
  // The largest first: inflating it takes longest, and the smaller ones fill what the others leave.
  for (const layer of missing.toSorted((a, b) => b.size - a.size)) {
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

interface FoundLayers<M extends LayerMeasurement> {
  readonly pulled: Map<Digest, PulledLayer<M>>
  /** Each once, as the manifest lists them. */
  readonly missing: readonly Descriptor[]
}

async function findLayers<M extends LayerMeasurement>(
  store: PullStore<M>,
  manifest: DecodedImageManifest,
  options: BringImageOptions,
): Promise<FoundLayers<M>> {
  const pulled = new Map<Digest, PulledLayer<M>>()
  const missing: Descriptor[] = []
  // A digest that comes with two sizes has a wrong one, which the layer is to be found not to have.
  for (const layer of new Map(manifest.value.layers.map((each) => [`${each.digest} ${each.size}`, each])).values()) {
    const found = await findLayer(store, layer, options)
    if (found === undefined) missing.push(layer)
    else pulled.set(layer.digest, found)
  }
  return { pulled, missing }
}

async function fetchConfig<M extends LayerMeasurement>(
  source: Fetcher,
  store: PullStore<M>,
  manifest: DecodedImageManifest,
  options: BringImageOptions,
): Promise<DecodedImageConfig> {
  const wanted = manifest.value.config
  const limits = { ...options, kind: 'image config', maxBytes: MAX_CONFIG_BYTES }
  const bytes = await fetchSmall(source, store.content, wanted, limits)
  const config = decodeImageConfig(bytes, { digest: wanted.digest })
  checkLayerCount(manifest.value, config.value)
  return config
}

/** Registers the layers bottom to top, once all of them are known to be those of the config. */
async function registerLayers<M extends LayerMeasurement>(
  store: PullStore<M>,
  manifest: DecodedImageManifest,
  config: DecodedImageConfig,
  pulled: ReadonlyMap<Digest, PulledLayer<M>>,
  options: AbortOptions,
): Promise<void> {
  const image = parseImageId(manifest.value.config.digest)
  let parent: ChainId | undefined
  for (const { layer, diffId, measurement } of matchLayers(manifest, config, pulled)) {
    const place = { diffId, parent, image }
    const register = (): Promise<ChainId> => store.layers.register(layer, measurement, place, options)
    parent = await inSink('register', `layer ${layer.digest}`, register, options)
  }
}

interface MatchedLayer<M extends LayerMeasurement> extends PulledLayer<M> {
  readonly layer: Descriptor
}

/** @throws ImageMismatchError `ERR_IMAGE_MISMATCH` */
function matchLayers<M extends LayerMeasurement>(
  manifest: DecodedImageManifest,
  config: DecodedImageConfig,
  pulled: ReadonlyMap<Digest, PulledLayer<M>>,
): MatchedLayer<M>[] {
  const diffIds = checkLayerCount(manifest.value, config.value)
  return manifest.value.layers.map((layer, position) => {
    const result = pulled.get(layer.digest)
    const expected = diffIds[position]
    if (result !== undefined && result.diffId === expected) return { ...result, layer }
    const found = `DiffID ${result?.diffId} of layer ${layer.digest}`
    throw new ImageMismatchError(manifest.descriptor, MISMATCH, found, String(expected))
  })
}
