import type { ImageId } from '@drayage/digest'
import type { Descriptor, Platform } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

/** An image that is whole, as it is put into the store. */
export interface NewImage {
  /** The digest of the config. */
  readonly id: ImageId
  readonly manifest: Descriptor
  readonly config: Descriptor
  readonly platform: Platform
  /** When it was built, by RFC 3339; absent where the config does not say. */
  readonly created?: string | undefined
  /** In bytes, of all layers. */
  readonly size: number
  /** The layers as the manifest lists them, bottom to top. */
  readonly layers: readonly Descriptor[]
}

/** An image in the store. */
export interface ImageRecord extends NewImage {
  /** When it came into the store, in milliseconds since 1970. */
  readonly addedAtMs: number
}

/** What a name stands for. */
export interface NameTarget {
  /** What was pulled: a manifest, or the index that the image was chosen from. */
  readonly target: Descriptor
  /** The image that the name selects; absent when it names an index or an artifact as a whole. */
  readonly image?: ImageId | undefined
}

/** A name in the store. */
export interface NameRecord extends NameTarget {
  /** In full: `docker.io/library/alpine:3`. */
  readonly reference: string
  /** The same in parts: either a tag or a digest. */
  readonly name: Reference
  /** When the name was given, in milliseconds since 1970. */
  readonly namedAtMs: number
}

/** An image with its names. */
export interface ListedImage extends ImageRecord {
  /** Its names with a tag, in familiar form, sorted by their full form. */
  readonly repoTags: readonly string[]
  /** Its names with a digest, in familiar form, sorted by their full form. */
  readonly repoDigests: readonly string[]
}
