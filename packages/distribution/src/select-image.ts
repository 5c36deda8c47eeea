import type { Fetcher } from '@drayage/content'
import {
  availablePlatforms,
  decodeManifest,
  manifestKind,
  MAX_MANIFEST_BYTES,
  selectManifests,
  type DecodedImageManifest,
  type DecodedManifest,
  type Descriptor,
  type Platform,
} from '@drayage/manifest'

import { MAX_INDEX_DEPTH, MAX_SEARCHED_MANIFESTS } from './defaults.ts'
import { NotAnImageError, PlatformNotFoundError } from './errors.ts'
import { fetchManifest, readSmall, type FetchSmallOptions } from './fetch-manifest.ts'
import { inSink } from './in-sink.ts'
import type { BlobStore, ContentKeeper } from './ports.ts'

/** An image manifest and the index it was chosen from. */
export interface SelectedImage {
  readonly manifest: DecodedImageManifest
  readonly index?: Descriptor | undefined
}

/** Options of {@link selectImage} and {@link pickImage}. */
export interface SelectImageOptions extends FetchSmallOptions {
  readonly platform: Platform
  /** What the user asked for, for messages. */
  readonly name: string
}

/**
 * The image manifest behind `target`: itself, or the best match for the platform in an index. What is read on the way is
 * kept in `store`.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function selectImage(
  source: Fetcher,
  store: BlobStore & ContentKeeper,
  target: Descriptor,
  options: SelectImageOptions,
): Promise<SelectedImage> {
  const read = async (what: Descriptor): Promise<DecodedManifest> => {
    await inSink('store', `manifest ${what.digest}`, () => store.keep([what], options), options)
    return fetchManifest(source, store, what, options)
  }
  const manifest = await new ImageSearch(read, options).run(target)
  return manifest.descriptor.digest === target.digest ? { manifest } : { manifest, index: target }
}

/**
 * Like {@link selectImage}, but keeps nothing.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function pickImage(source: Fetcher, target: Descriptor, options: SelectImageOptions): Promise<Descriptor> {
  const read = async (what: Descriptor): Promise<DecodedManifest> => {
    const bytes = await readSmall(source, what, { ...options, kind: 'manifest', maxBytes: MAX_MANIFEST_BYTES })
    return decodeManifest(bytes, { mediaType: what.mediaType, digest: what.digest })
  }
  return (await new ImageSearch(read, options).run(target)).descriptor
}

/** Looks for the image of a platform below a manifest: the best candidate of each index first, then the next. */
class ImageSearch {
  readonly #read: (what: Descriptor) => Promise<DecodedManifest>
  readonly #options: SelectImageOptions
  readonly #available: Platform[] = []
  #manifests = 0

  constructor(read: (what: Descriptor) => Promise<DecodedManifest>, options: SelectImageOptions) {
    this.#read = read
    this.#options = options
  }

  async run(target: Descriptor): Promise<DecodedImageManifest> {
    const image = await this.#find(target, 0)
    if (image !== undefined) return image
    throw new PlatformNotFoundError(this.#options.name, this.#options.platform, this.#available)
  }

  async #find(what: Descriptor, depth: number): Promise<DecodedImageManifest | undefined> {
    const { name, platform } = this.#options
    if (depth > MAX_INDEX_DEPTH) throw new NotAnImageError(name, `an index nested deeper than ${MAX_INDEX_DEPTH}`)
    if (++this.#manifests > MAX_SEARCHED_MANIFESTS) {
      throw new NotAnImageError(name, `indexes of more than ${MAX_SEARCHED_MANIFESTS} indexes`)
    }
    const manifest = await this.#read(what)
    if (manifest.kind === 'image') return manifest
    if (manifest.kind === 'schema1') throw new NotAnImageError(name, manifest.descriptor.mediaType)
    this.#available.push(...availablePlatforms(manifest.value))
    for (const candidate of selectManifests(manifest.value, platform)) {
      if (manifestKind(candidate.mediaType) === undefined) continue
      const image = await this.#find(candidate, depth + 1)
      if (image !== undefined) return image
    }
    return undefined
  }
}
