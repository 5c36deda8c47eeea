import type { AbortOptions } from '@drayage/bytes'
import { chainIds, type DiffId } from '@drayage/digest'
import { builtAtMs, isImageStoreError, type ConfigReader } from '@drayage/image-store'
import type { LayerReader } from '@drayage/layer-store'
import type { DecodedImageConfig } from '@drayage/manifest'

import { damageOf } from '../check/read-stored-config.ts'
import type { ShownImage } from './shown-image.ts'

/** What lists need to know of an image. */
export interface ImageFacts {
  /** When it was built, by RFC 3339; absent where it does not say. */
  readonly created: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** Its config; absent where no image is here whole, as of an artifact. */
  readonly config: DecodedImageConfig | undefined
  /** What is wrong with what is stored of it, such as `config missing`; absent where nothing is known to be. */
  readonly fault?: string
}

/** What lists need to know of an image; `undefined` when it was removed since the list was made. */
export async function factsOf(
  { images }: { readonly images: ConfigReader },
  { platform }: Pick<ShownImage, 'platform'>,
  options: AbortOptions = {},
): Promise<ImageFacts | undefined> {
  if (platform === undefined) return { created: undefined, labels: {}, config: undefined }
  const { created } = platform
  try {
    const config = await images.readConfig(platform, options)
    return { created, labels: config.value.config?.Labels ?? {}, config }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (isImageStoreError(error) && error.code === 'ERR_IMAGE_NOT_FOUND') return undefined
    const damage = damageOf(error)
    if (damage === undefined) throw error
    return { created, labels: {}, config: undefined, fault: `config ${damage}` }
  }
}

/** The DiffIDs of an image; none of what is no image. */
export function diffIdsOf({ config }: Pick<ImageFacts, 'config'>): readonly DiffId[] {
  return config?.value.rootfs?.diff_ids ?? []
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
  return (await uncompressedSizes(store, diffIds)).reduce((sum, size) => sum + size, 0)
}

/** A time by RFC 3339 as Docker's lists give it: whole seconds since 1970, and those of the year 1 when it is not known. */
export function unixSeconds(time: string | undefined): number {
  return Math.floor(builtAtMs(time) / 1000)
}
