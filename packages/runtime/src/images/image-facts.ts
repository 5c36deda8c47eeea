import type { AbortOptions } from '@drayage/bytes'
import { canVerify } from '@drayage/content'
import { chainIds, type DiffId, type Digest } from '@drayage/digest'
import { builtAtMs, isImageStoreError, type ListedFacts, type PlatformImage } from '@drayage/image-store'
import type { LayerReader } from '@drayage/layer-store'

import { damageOf } from '../check/read-stored-config.ts'
import type { Store } from '../store/store.ts'
import type { ShownImage } from './shown-image.ts'

/** What lists need to know of an image. */
export interface ImageFacts {
  /** When it was built, by RFC 3339; absent where it does not say. */
  readonly created: string | undefined
  /** Those of its config; `null` where it has none. */
  readonly labels: Readonly<Record<string, string>> | null
  /** Bytes of its uncompressed layers; absent where they are not known. */
  readonly unpackedSize?: number
  /** What is wrong with what is stored of it, such as `config missing`; absent where nothing is known to be. */
  readonly fault?: string
}

type FactStore = Pick<Store, 'content' | 'images' | 'layers'>

/** Options of {@link factsOf}. */
export interface FactsOptions extends AbortOptions {
  /** The result of {@link trustedConfigs} for the same images, where the caller has it. */
  readonly trusted?: ReadonlySet<Digest> | undefined
}

/**
 * What lists need to know of images, without those that were removed since the list was made. It is remembered by the
 * store: of configs that are as they were, only the seals are looked at.
 */
export async function factsOf(
  store: FactStore,
  images: readonly Pick<ShownImage, 'platform'>[],
  options: FactsOptions = {},
): Promise<ReadonlyMap<Pick<ShownImage, 'platform'>, ImageFacts>> {
  const trusted = options.trusted ?? (await trustedConfigs(store, images, options))
  const found = new Map<Pick<ShownImage, 'platform'>, ImageFacts>()
  const read: [Digest, ListedFacts][] = []
  for (const image of images) {
    const { platform } = image
    const known = platform !== undefined && trusted.has(platform.config.digest) ? platform.facts : undefined
    const facts = platform !== undefined && known !== undefined ? rememberedFacts(platform, known) : undefined
    const each = facts ?? (await readFacts(store, image, options))
    if (each === undefined) continue
    found.set(image, each)
    const { labels, unpackedSize } = each
    if (facts === undefined && platform !== undefined && unpackedSize !== undefined) {
      read.push([platform.manifest.digest, { unpackedSize, ...(labels !== null && { labels }) }])
    }
  }
  // A store that cannot be written to reads them each time.
  if (read.length > 0) await store.images.recordFacts(read, options).catch(() => options.signal?.throwIfAborted())
  return found
}

function rememberedFacts({ created }: PlatformImage, { labels, unpackedSize }: ListedFacts): ImageFacts {
  return { created, labels: labels ?? null, unpackedSize }
}

/** The configs of facts that are known whose files are as they were stored, as far as can be told without reading them. */
export async function trustedConfigs(
  { content }: Pick<Store, 'content'>,
  images: readonly Pick<ShownImage, 'platform'>[],
  options: AbortOptions,
): Promise<ReadonlySet<Digest>> {
  if (!canVerify(content)) return new Set()
  const configs = images.flatMap(({ platform }) => (platform?.facts === undefined ? [] : [platform.config]))
  const trusted = new Set(configs.map(({ digest }) => digest))
  for (const { digest } of await content.suspects(configs, options)) trusted.delete(digest)
  return trusted
}

/** `undefined` for an image that was removed since it was found. */
async function readFacts(
  store: FactStore,
  { platform }: Pick<ShownImage, 'platform'>,
  options: AbortOptions,
): Promise<ImageFacts | undefined> {
  if (platform === undefined) return { created: undefined, labels: null, unpackedSize: 0 }
  const { created } = platform
  try {
    const { value } = await store.images.readConfig(platform, options)
    const sizes = await knownSizes(store, value.rootfs?.diff_ids ?? [])
    const labels = value.config?.Labels ?? null
    return { created, labels, ...(sizes !== undefined && { unpackedSize: sumOf(sizes) }) }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (isImageStoreError(error) && error.code === 'ERR_IMAGE_NOT_FOUND') return undefined
    const damage = damageOf(error)
    if (damage === undefined) throw error
    return { created, labels: null, fault: `config ${damage}` }
  }
}

/** The sizes of all layers of a stack; `undefined` where some are not registered. */
async function knownSizes(
  { layers }: Pick<Store, 'layers'>,
  diffIds: readonly DiffId[],
): Promise<readonly number[] | undefined> {
  const records = await Promise.all(chainIds(diffIds).map((chainId) => layers.get(chainId)))
  const sizes = records.flatMap((record) => record?.size ?? [])
  return sizes.length === records.length ? sizes : undefined
}

function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** The bytes of each uncompressed layer of a stack, bottom to top; 0 for one that is not registered. */
export async function uncompressedSizes(
  { layers }: { readonly layers: Pick<LayerReader, 'get'> },
  diffIds: readonly DiffId[],
): Promise<number[]> {
  const records = await Promise.all(chainIds(diffIds).map((chainId) => layers.get(chainId)))
  return records.map((record) => record?.size ?? 0)
}

/** The bytes of all uncompressed layers of a stack. */
export async function uncompressedSize(
  store: Parameters<typeof uncompressedSizes>[0],
  diffIds: readonly DiffId[],
): Promise<number> {
  return sumOf(await uncompressedSizes(store, diffIds))
}

/** A time by RFC 3339 as Docker's lists give it: whole seconds since 1970, and those of the year 1 when it is not known. */
export function unixSeconds(time: string | undefined): number {
  return Math.floor(builtAtMs(time) / 1000)
}
