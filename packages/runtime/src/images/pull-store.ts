import { randomUUID } from 'node:crypto'

import type { AbortOptions } from '@drayage/bytes'
import type { ImageId } from '@drayage/digest'
import type { LayerMeasurer, LayerRegistrar, PulledImage, PullStore } from '@drayage/distribution'
import { isLayerStoreError, type LayerMeasurement } from '@drayage/layer-store'
import { isLayerType, platformOf, type Descriptor } from '@drayage/manifest'

import { lockImages } from './image-lock.ts'
import { isWhole } from './is-whole.ts'
import type { LocalStore } from '../store/local-store.ts'
import { NOBODY, type UsedLogins } from '../remote/used-logins.ts'
import { recordSources } from './mount-sources.ts'

/** The local store as a pull uses it, for the time of one pull. */
export interface PullSink extends PullStore<LayerMeasurement>, AsyncDisposable {
  /**
   * Ends what the pull keeps, once it needs nothing more. Without it, as after a failure, what was brought stays for a
   * day, so that the next pull finds it.
   */
  complete(): Promise<void>
}

/** Opens the local store for one pull; `logins` tells who it is that pulls, for what comes from a registry. */
export function openPullSink(store: LocalStore, logins: UsedLogins = NOBODY): PullSink {
  const { content, images, leases } = store
  const holder = `pull-${randomUUID()}`
  const registration = new Registration(store)
  return {
    content: {
      fetch: content.fetch,
      // Small content is read to its end, so that what went bad on the disk is brought again.
      has: async (what, options) =>
        (await content.has(what, options)) &&
        (isLayerType(what.mediaType) || (await content.verifyBlob(what.digest, options)) === 'intact'),
      begin: content.begin,
      keep: (what, options) =>
        leases.keep(
          holder,
          what.map(({ digest }) => digest),
          options,
        ),
    },
    layers: layersOf(store, registration),
    images: {
      imageOf: (name, options) => images.imageOf(name, options),
      nameImage: (name, target, image, options) => images.nameImage(name, target, image, options),
      async findImage(manifest, options) {
        const id = await images.findImage(manifest, options)
        return id !== undefined && (await isWhole(store, manifest, options)) ? id : undefined
      },
      putImage: (image, options) => putImage({ store, logins, registration }, image, options),
    },
    complete: () => leases.release(holder),
    [Symbol.asyncDispose]: () => registration.end(),
  }
}

/** The time from an image's first registered layer until the image is visible, which no other process may interrupt. */
class Registration {
  readonly #store: LocalStore
  #held: { readonly image: ImageId; readonly lock: AsyncDisposable } | undefined

  constructor(store: LocalStore) {
    this.#store = store
  }

  async begin(image: ImageId, options: AbortOptions = {}): Promise<void> {
    this.#held ??= { image, lock: await lockImages(this.#store.content, options) }
  }

  /** Lets others in; the layers of an image that did not become visible are nobody's. */
  async end(): Promise<void> {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    await using _lock = held.lock
    if ((await this.#store.images.get(held.image)) === undefined) await this.#store.layers.release(held.image)
  }
}

function layersOf(
  { content, layers }: LocalStore,
  registration: Registration,
): LayerMeasurer<LayerMeasurement> & LayerRegistrar<LayerMeasurement> {
  return {
    // The size counts too: what a manifest says of it is not known to be true of the blob that is here.
    find: async (blob, options = {}) =>
      (await content.has(blob, options)) ? await layers.find(blob.digest, options) : undefined,
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
      const measured = await layers.measure(content.fetch(layer, options), options)
      return (await layers.register(layer, measured, place)).chainId
    },
  }
}

/** Whether a layer is unknown, or its index went with an image that shared its measurement. */
function isMeasurementGone(error: unknown): boolean {
  if (isLayerStoreError(error)) return error.code === 'ERR_LAYER_UNMEASURED'
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

interface PutImageParts {
  readonly store: LocalStore
  readonly logins: UsedLogins
  readonly registration: Registration
}

async function putImage(
  { store, logins, registration }: PutImageParts,
  { id, manifest, config, layers, repository, index }: PulledImage,
  options: AbortOptions = {},
): Promise<void> {
  const { created } = config.value
  await registration.begin(id, options)
  await store.images.put(
    {
      id,
      manifest,
      config: config.descriptor,
      layers,
      platform: platformOf(config.value) ?? { os: 'linux', architecture: 'unknown' },
      size: layers.reduce((sum, { size }) => sum + size, 0),
      ...(created === undefined ? {} : { created }),
    },
    options,
  )
  await registration.end()
  const parts: Descriptor[] = [manifest, config.descriptor, ...layers, ...(index === undefined ? [] : [index])]
  if (repository !== undefined) await recordSources({ store, logins, target: repository }, parts, options)
}
