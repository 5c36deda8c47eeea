import { readBlob, type Fetcher } from '@drayage/content'
import {
  availablePlatforms,
  decodeManifest,
  MAX_MANIFEST_BYTES,
  selectManifests,
  type DecodedImageManifest,
  type DecodedManifest,
  type Descriptor,
  type Platform,
} from '@drayage/manifest'

import { NotAnImageError, PlatformNotFoundError } from './errors.ts'
import { fetchManifest, type FetchSmallOptions } from './fetch-manifest.ts'
import type { BlobStore, ContentKeeper } from './ports.ts'
import { tryRequest } from './try-request.ts'

/** Indexes within indexes that are followed. */
const MAX_INDEX_DEPTH = 4

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
 */
export async function selectImage(
  source: Fetcher,
  store: BlobStore & ContentKeeper,
  target: Descriptor,
  options: SelectImageOptions,
): Promise<SelectedImage> {
  const read = async (what: Descriptor): Promise<DecodedManifest> => {
    await store.keep([what], options)
    return fetchManifest(source, store, what, options)
  }
  const manifest = await descend(read, target, options)
  return manifest.descriptor.digest === target.digest ? { manifest } : { manifest, index: target }
}

/**
 * Like {@link selectImage}, but keeps nothing.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 */
export async function pickImage(source: Fetcher, target: Descriptor, options: SelectImageOptions): Promise<Descriptor> {
  const { signal } = options
  const read = async (what: Descriptor): Promise<DecodedManifest> => {
    const request = (): Promise<Uint8Array> => readBlob(source, what, { maxBytes: MAX_MANIFEST_BYTES, signal })
    const bytes = await tryRequest('fetch', what.digest, request, options)
    return decodeManifest(bytes, { mediaType: what.mediaType, digest: what.digest })
  }
  return (await descend(read, target, options)).descriptor
}

async function descend(
  read: (what: Descriptor) => Promise<DecodedManifest>,
  target: Descriptor,
  options: SelectImageOptions,
): Promise<DecodedImageManifest> {
  let what = target
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const manifest = await read(what)
    if (manifest.kind === 'image') return manifest
    if (manifest.kind === 'schema1') throw new NotAnImageError(options.name, manifest.descriptor.mediaType)
    const [best] = selectManifests(manifest.value, options.platform)
    if (best === undefined) {
      throw new PlatformNotFoundError(options.name, options.platform, availablePlatforms(manifest.value))
    }
    what = best
  }
  throw new NotAnImageError(options.name, `an index nested deeper than ${MAX_INDEX_DEPTH}`)
}
