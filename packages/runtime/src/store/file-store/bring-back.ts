import type { AbortOptions } from '@drayage/bytes'
import { isCompressionError } from '@drayage/compression'
import { isContentError, readBlob, type ContentStore } from '@drayage/content'
import { chainId, isDigestError, type ChainId } from '@drayage/digest'
import {
  recoverImages,
  type ImageStore,
  type LayerRecords,
  type PlatformImage,
  type StoreDatabase,
} from '@drayage/image-store'
import { createLayerTables, findLayerFault, isLayerStoreError, type LayerStore } from '@drayage/layer-store'
import { decodeImageConfig, isManifestError } from '@drayage/manifest'

import type { Store } from '../store.ts'

/** What a rebuilt database needs to be whole again. */
export interface BringBackParts {
  readonly database: Pick<StoreDatabase, 'due' | 'settle'>
  readonly content: ContentStore
  readonly images: ImageStore
  readonly layers: LayerStore
  readonly warn: (text: string) => void
}

/** Options of {@link bringBack}. */
export interface BringBackOptions extends AbortOptions {
  /** Whether the caller holds the lock of images, so that layers of no image are left by killed processes alone. */
  readonly isAlone: boolean
  /** Whether a layer whose index does not tell its size may be read for it; `true` by default. */
  readonly canMeasure?: boolean
}

/** The records of layers, as the database looks after them. */
export const LAYER_RECORDS: LayerRecords = { prepare: createLayerTables, findFault: findLayerFault }

/**
 * Brings back what a rebuild of the database left: images that only their blobs tell of, and the records of layers. It may
 * be done by several processes at once. What of an image is damaged stays away, until the image is pulled again.
 */
export async function bringBack(
  parts: BringBackParts,
  { isAlone, canMeasure = true, ...options }: BringBackOptions,
): Promise<void> {
  const { database, content, images, layers, warn } = parts
  const due = database.due()
  if (due.includes('blobs')) {
    const found = await recoverImages({ content, images, ...options })
    if (found > 0) warn(`${found} image${found === 1 ? '' : 's'} whose names are lost came back without any`)
  }
  if (due.length > 0) {
    const all = (await images.list(options)).flatMap(({ platforms }) => platforms)
    for (const image of all) await bringBackLayers({ content, layers, canMeasure }, image, options)
    if (isAlone) await layers.retain(new Set(all.map(({ id }) => id)), options)
    database.settle()
  }
}

async function bringBackLayers(
  { content, layers, canMeasure }: Pick<BringBackParts, 'content' | 'layers'> & { readonly canMeasure: boolean },
  image: PlatformImage,
  options: AbortOptions,
): Promise<void> {
  const holder = image.id
  try {
    const config = decodeImageConfig(await readBlob(content, image.config, options), { ...image.config, anyCase: true })
    const diffIds = config.value.rootfs?.diff_ids ?? []
    if (diffIds.length !== image.layers.length) return
    let parent: ChainId | undefined
    for (const [at, diffId] of diffIds.entries()) {
      const layer = image.layers[at]
      if (layer === undefined) return
      const place = { diffId, parent, holder, ...options }
      if ((await layers.restore(layer, place)) === undefined) {
        if (!canMeasure) return
        await layers.register(layer, await layers.measure(content.fetch(layer, options), options), place)
      }
      parent = chainId(diffId, parent)
    }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!isOfContent(error)) throw error
  }
}

function isOfContent(error: unknown): boolean {
  return [isContentError, isDigestError, isManifestError, isLayerStoreError, isCompressionError].some((is) => is(error))
}

/** Layers whose records are there again before they are asked for. */
export function settledLayers(layers: LayerStore, settle: (options?: AbortOptions) => Promise<void>): Store['layers'] {
  return {
    measure: (source, options) => layers.measure(source, options),
    discard: (measurement) => layers.discard(measurement),
    // Its caller may hold the lock of images, and brings what is not there.
    register: (layer, measurement, options) => layers.register(layer, measurement, options),
    hold: (id, holder) => layers.hold(id, holder),
    release: (holder) => layers.release(holder),
    releaseAll: (holders) => layers.releaseAll(holders),
    async find(blob, options) {
      await settle(options)
      return await layers.find(blob, options)
    },
    async get(id) {
      await settle()
      return await layers.get(id)
    },
    async hasIndex(id, options) {
      await settle(options)
      return await layers.hasIndex(id, options)
    },
    async indexAgain(id, options) {
      await settle(options)
      await layers.indexAgain(id, options)
    },
    async *openTar(id, options) {
      await settle(options)
      yield* layers.openTar(id, options)
    },
    async *entries(id, options) {
      await settle(options)
      yield* layers.entries(id, options)
    },
  }
}
