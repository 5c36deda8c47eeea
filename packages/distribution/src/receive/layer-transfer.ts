import type { Fetcher } from '@drayage/content'
import { digestAlgorithm, type ChainId, type DiffId, type Digest, type ImageId } from '@drayage/digest'
import { checkLayerCount, type DecodedImageConfig, type DecodedImageManifest, type Descriptor } from '@drayage/manifest'

import { ImageMismatchError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import type { ImageSink, LayerMeasurement } from '../ports.ts'
import { inSink } from '../retry/attempt.ts'
import type { CopyContext } from '../copy/context.ts'
import { shareBlob } from '../copy/share-blob.ts'
import { fetchLayer, type ReceivedLayer } from './fetch-layer.ts'

const MISMATCH = "layers from manifest don't match image configuration"

/** A layer in its place in an image. */
export type PlacedLayer<M extends LayerMeasurement> = ReceivedLayer<M> & { readonly layer: Descriptor }

/** Takes the layers of one or several images into a store, each once, and registers them. */
export class LayerTransfer<M extends LayerMeasurement> {
  readonly #source: Fetcher
  readonly #store: ImageSink<M>
  readonly #asked = new Set<string>()
  readonly #received = new Map<Digest, ReceivedLayer<M>>()
  readonly #unregistered = new Set<M>()

  constructor(source: Fetcher, store: ImageSink<M>) {
    this.#source = source
    this.#store = store
  }

  /** Those that the store does not know from before, and that were not asked for by another image. */
  async missing(layers: Iterable<Descriptor>, context: CopyContext): Promise<Descriptor[]> {
    const missing: Descriptor[] = []
    for (const layer of layers) {
      // A digest that comes with two sizes has a wrong one, which the layer turns out not to have.
      const identity = `${layer.digest} ${layer.size}`
      if (this.#asked.has(identity)) continue
      this.#asked.add(identity)
      if (!(await this.#find(layer, context))) missing.push(layer)
    }
    return missing
  }

  /** Brings a layer that is missing. */
  async bring(layer: Descriptor, context: CopyContext): Promise<void> {
    const tell = (state: LayerState): void => context.onEvent({ type: 'layer', digest: layer.digest, layer: state })
    const { retry } = context
    const received = await shareBlob(this.#store.place ?? this.#store, layer, { ...context, tell }, (work) =>
      fetchLayer(this.#source, this.#store, layer, { ...work, retry }),
    )
    tell({ state: 'complete' })
    this.#received.set(layer.digest, this.#keep(received))
  }

  /** What layers inflate to that are here. */
  diffIdsOf(digests: readonly Digest[]): DiffId[] {
    return digests.flatMap((digest) => this.#received.get(digest)?.diffId ?? [])
  }

  /**
   * The layers of an image, bottom to top, compared with its config.
   *
   * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
   * @throws LayerCountError `ERR_LAYER_COUNT`
   */
  async matching(
    { descriptor, value }: DecodedImageManifest,
    config: DecodedImageConfig,
    context: CopyContext,
  ): Promise<PlacedLayer<M>[]> {
    const diffIds = checkLayerCount(value, config.value)
    const placed: PlacedLayer<M>[] = []
    for (const [position, layer] of value.layers.entries()) {
      const expected = diffIds[position]
      const received = await this.#hashed(layer, expected, context)
      if (received === undefined || received.diffId !== expected) {
        const found = `DiffID ${received?.diffId} of layer ${layer.digest}`
        throw new ImageMismatchError(descriptor, MISMATCH, found, String(expected))
      }
      placed.push({ layer, ...received })
    }
    return placed
  }

  /** Makes them part of the store, bottom to top. */
  async register(image: ImageId, layers: readonly PlacedLayer<M>[], context: CopyContext): Promise<void> {
    const { signal } = context
    let parent: ChainId | undefined
    for (const { layer, diffId, measurement } of layers) {
      const place = { diffId, parent, image }
      const register = (): Promise<ChainId> => this.#store.layers.register(layer, measurement, place, { signal })
      parent = await inSink('register', `layer ${layer.digest}`, register, context)
      if (measurement !== undefined) this.#unregistered.delete(measurement)
    }
  }

  /** Lets go of what was measured of layers that did not become part of an image. */
  async discard(): Promise<void> {
    for (const unused of this.#unregistered) await this.#store.layers.discard(unused)
    this.#unregistered.clear()
  }

  /** Whether the store knows a layer from before, so that it need not be brought. */
  async #find(layer: Descriptor, context: CopyContext): Promise<boolean> {
    const { signal, onEvent } = context
    const find = (): Promise<DiffId | undefined> => this.#store.layers.find(layer, { signal })
    const diffId = await inSink('store', `layer ${layer.digest}`, find, context)
    onEvent({ type: 'layer', digest: layer.digest, layer: { state: diffId === undefined ? 'queued' : 'exists' } })
    if (diffId !== undefined) this.#received.set(layer.digest, { diffId })
    return diffId !== undefined
  }

  /** What came of a layer, by the hash that the config has for it. */
  async #hashed(
    layer: Descriptor,
    expected: DiffId | undefined,
    context: CopyContext,
  ): Promise<ReceivedLayer<M> | undefined> {
    const received = this.#received.get(layer.digest)
    if (received === undefined || expected === undefined) return received
    if (digestAlgorithm(received.diffId) === digestAlgorithm(expected)) return received
    return await this.#rehash(layer, expected, context)
  }

  /** Hashes a layer that is here once more, where the config has its DiffID by another hash than is known. */
  async #rehash(layer: Descriptor, expected: DiffId, context: CopyContext): Promise<ReceivedLayer<M>> {
    const { content, layers } = this.#store
    const options = { algorithm: digestAlgorithm(expected), signal: context.signal }
    const rehash = async (): Promise<ReceivedLayer<M>> => {
      const known = await layers.find(layer, options)
      if (known !== undefined) return { diffId: known }
      const measurement = await layers.measure(content.fetch(layer, options), options)
      return this.#keep({ diffId: measurement.diffId, measurement })
    }
    return await inSink('register', `layer ${layer.digest}`, rehash, context)
  }

  #keep(received: ReceivedLayer<M>): ReceivedLayer<M> {
    if (received.measurement !== undefined) this.#unregistered.add(received.measurement)
    return received
  }
}
