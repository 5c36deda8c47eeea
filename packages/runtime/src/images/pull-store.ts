import { randomUUID } from 'node:crypto'

import type { AbortOptions } from '@drayage/bytes'
import { digestAlgorithm, type ImageId } from '@drayage/digest'
import type {
  ImageName,
  ImageSink,
  LayerMeasurer,
  LayerRegistrar,
  PulledImage,
  ReceivedContent,
} from '@drayage/distribution'
import { isImageStoreError, type PlatformImage } from '@drayage/image-store'
import { isLayerStoreError, type LayerMeasurement } from '@drayage/layer-store'
import { platformOf, type Descriptor } from '@drayage/manifest'

import { hasIntact } from '../check/has-intact.ts'
import { uncompressedSize } from './image-facts.ts'
import { isWhole } from './is-whole.ts'
import { canAssertRoom, type Store } from '../store/store.ts'

/** The local store as a pull uses it, for the time of one pull. */
export interface PullSink extends ImageSink<LayerMeasurement>, AsyncDisposable {
  /** Keeps content, stored already or not, so that it can be put. */
  keep(what: readonly Pick<Descriptor, 'digest'>[], options?: AbortOptions): Promise<void>
  /**
   * Ends what the pull keeps, once it needs nothing more. Without it, as after a failure, what was brought stays for a
   * day, so that the next pull finds it.
   */
  complete(): Promise<void>
}

/** Opens the store for one pull. */
export function openPullSink(store: Store): PullSink {
  const { content, images, leases } = store
  const holder = `pull-${randomUUID()}`
  const registration = new Registration(store)
  let isComplete = false
  const keep: PullSink['keep'] = (what, options) =>
    leases.keep(
      holder,
      what.map(({ digest }) => digest),
      options,
    )
  return {
    place: store,
    keep,
    content: {
      fetch: content.fetch,
      has: (what, options) => hasIntact(content, what, options),
      begin: content.begin,
      async keep(what, options) {
        // What is kept at URLs may stay there.
        const wanted = what.filter(({ urls = [] }) => urls.length === 0)
        if (canAssertRoom(store)) await store.assertRoom(wanted, options)
        await keep(what, options)
      },
    },
    layers: layersOf(store, registration),
    images: {
      targetOf: (name, options) => images.targetOf(name, options),
      async findImage(manifest, options) {
        const image = await images.findImage(manifest, options)
        return image !== undefined && (await isWhole(store, manifest, options)) ? image.id : undefined
      },
      putImages: (received, names, options) => putImages({ store, registration, holder }, received, names, options),
    },
    async complete() {
      await leases.release(holder)
      isComplete = true
    },
    async [Symbol.asyncDispose]() {
      try {
        await registration.end()
      } finally {
        if (!isComplete) await leases.leave(holder)
      }
    },
  }
}

/** The time from the first registered layer until the images are visible, which no other process may interrupt. */
class Registration {
  readonly #store: Store
  readonly #images = new Set<ImageId>()
  #lock: AsyncDisposable | undefined

  constructor(store: Store) {
    this.#store = store
  }

  async begin(image: ImageId | undefined, options: AbortOptions = {}): Promise<void> {
    this.#lock ??= await this.#store.lockImages(options)
    if (image !== undefined) this.#images.add(image)
  }

  /** Lets others in; the layers of images that did not become visible are nobody's. */
  async end(): Promise<void> {
    const held = this.#lock
    if (held === undefined) return
    this.#lock = undefined
    await using _lock = held
    for (const image of this.#images) if (!(await this.#isKnown(image))) await this.#store.layers.release(image)
    this.#images.clear()
  }

  async #isKnown(image: ImageId): Promise<boolean> {
    try {
      const { images } = await this.#store.images.find(image)
      return images.some(({ platforms }) => platforms.some(({ id }) => id === image))
    } catch (error) {
      if (isImageStoreError(error) && error.code === 'ERR_IMAGE_NOT_FOUND') return false
      throw error
    }
  }
}

function layersOf(
  { content, layers }: Pick<Store, 'content' | 'layers'>,
  registration: Registration,
): LayerMeasurer<LayerMeasurement> & LayerRegistrar<LayerMeasurement> {
  return {
    // The size counts too: what a manifest says of it is not known to be true of the blob that is here.
    find: async (blob, options = {}) =>
      (await hasIntact(content, blob, options)) ? await layers.find(blob.digest, options) : undefined,
    discard: (measurement) => layers.discard(measurement),
    // Both streams that a pull measures, of an ingest and of a blob, come in arrays that nobody else holds.
    measure: (source, options) => layers.measure(source, { ...options, ownsSource: true }),
    async register(layer, measurement, { diffId, parent, image }, options = {}) {
      const place = { diffId, parent, holder: image, signal: options.signal }
      await registration.begin(image, options)
      try {
        return (await layers.register(layer, measurement, place)).chainId
      } catch (error) {
        if (!isMeasurementGone(error)) throw error
      }
      // A removal dropped what was known of the layer after this pull looked; its blob is kept and still here.
      const algorithm = digestAlgorithm(diffId)
      const measured = await layers.measure(content.fetch(layer, options), { ...options, algorithm })
      return (await layers.register(layer, measured, place)).chainId
    },
  }
}

/** Whether a layer is unknown, or its index went with an image that shared its measurement. */
function isMeasurementGone(error: unknown): boolean {
  return isLayerStoreError(error) && error.code === 'ERR_LAYER_UNMEASURED'
}

interface PutImagesParts {
  readonly store: Store
  readonly registration: Registration
  /** Who keeps what is put. */
  readonly holder: string
}

async function putImages(
  { store, registration, holder }: PutImagesParts,
  { target, images, present, others }: ReceivedContent,
  names: readonly ImageName[],
  options: AbortOptions = {},
): Promise<void> {
  // Also for images that are here: nobody may remove them before they are part of the target.
  await registration.begin(undefined, options)
  const platforms: PlatformImage[] = []
  for (const image of images) platforms.push(await withFacts(store, platformImage(image), image))
  const content = { platforms, present, others }
  await store.images.put(target, content, { ...options, names, keptBy: holder })
  await registration.end()
}

/** With what lists show of it, so that they need not read its config. */
async function withFacts(
  store: Pick<Store, 'layers'>,
  image: PlatformImage,
  { config: { value } }: PulledImage,
): Promise<PlatformImage> {
  const unpackedSize = await uncompressedSize(store, value.rootfs?.diff_ids ?? [])
  const labels = value.config?.Labels ?? undefined
  return { ...image, facts: { unpackedSize, ...(labels !== undefined && { labels }) } }
}

function platformImage({ id, manifest, config, layers }: PulledImage): PlatformImage {
  const { created } = config.value
  return {
    id,
    manifest,
    config: config.descriptor,
    layers,
    platform: platformOf(config.value) ?? { os: 'linux', architecture: 'unknown' },
    size: layers.reduce((sum, { size }) => sum + size, 0),
    ...(created === undefined ? {} : { created }),
  }
}
