import type { Fetcher } from '@drayage/content'
import {
  availablePlatforms,
  manifestKind,
  selectManifests,
  type DecodedManifest,
  type Descriptor,
  type Platform,
} from '@drayage/manifest'

import { MAX_INDEX_DEPTH, MAX_SEARCHED_MANIFESTS } from '../defaults.ts'
import { NotAnImageError, PlatformNotFoundError, Schema1RefusedError } from '../errors.ts'
import type { AttemptContext } from '../retry/attempt.ts'
import { readManifest } from '../retry/small-content.ts'
import { isCompanion } from './companions.ts'

/** Options of {@link pickImage}. */
export interface SelectImageOptions extends AttemptContext {
  readonly platform: Platform
  /** Refuses schema 1; `false` by default. */
  readonly requireSchema2?: boolean | undefined
  /** What the user asked for, for messages. */
  readonly name: string
}

/**
 * The image manifest behind `target`: itself, or the best match for the platform in an index.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws Schema1RefusedError `ERR_SCHEMA1_REFUSED`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function pickImage(source: Fetcher, target: Descriptor, options: SelectImageOptions): Promise<Descriptor> {
  return (await new ImageSearch(source, options).run(target)).descriptor
}

/** Looks for the image of a platform below a manifest: the best candidate of each index first, then the next. */
class ImageSearch {
  readonly #source: Fetcher
  readonly #options: SelectImageOptions
  readonly #available: Platform[] = []
  #manifests = 0

  constructor(source: Fetcher, options: SelectImageOptions) {
    this.#source = source
    this.#options = options
  }

  async run(target: Descriptor): Promise<DecodedManifest> {
    const image = await this.#find(target, 0)
    if (image !== undefined) return image
    throw new PlatformNotFoundError(this.#options.name, this.#options.platform, this.#available)
  }

  async #find(what: Descriptor, depth: number): Promise<DecodedManifest | undefined> {
    const { name, platform } = this.#options
    if (depth > MAX_INDEX_DEPTH) throw new NotAnImageError(name, `an index nested deeper than ${MAX_INDEX_DEPTH}`)
    if (++this.#manifests > MAX_SEARCHED_MANIFESTS) {
      throw new NotAnImageError(name, `indexes of more than ${MAX_SEARCHED_MANIFESTS} indexes`)
    }
    const { requireSchema2 = false } = this.#options
    if (requireSchema2 && manifestKind(what.mediaType) === 'schema1') throw new Schema1RefusedError(name)
    const manifest = await readManifest(this.#source, what, this.#options)
    if (requireSchema2 && manifest.kind === 'schema1') throw new Schema1RefusedError(name)
    if (manifest.kind !== 'index') return manifest
    this.#available.push(...availablePlatforms(manifest.value))
    for (const candidate of selectManifests(manifest.value, platform)) {
      const isAttestation = candidate.platform === undefined && isCompanion(candidate)
      if (manifestKind(candidate.mediaType) === undefined || isAttestation) continue
      const image = await this.#find(candidate, depth + 1)
      if (image !== undefined) return image
    }
    return undefined
  }
}
