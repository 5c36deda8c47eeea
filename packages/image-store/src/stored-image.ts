import type { ImageId } from '@drayage/digest'
import type { Descriptor, Platform } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

/** An image of one platform that is whole: manifest, config and layers are here and verified. */
export interface PlatformImage {
  /** The digest of the config. */
  readonly id: ImageId
  readonly manifest: Descriptor
  readonly config: Descriptor
  readonly platform: Platform
  /** When it was built, by RFC 3339; absent where the config does not say. */
  readonly created?: string | undefined
  /** In bytes, of all layers as they are kept. */
  readonly size: number
  /** The layers as the manifest lists them, bottom to top. */
  readonly layers: readonly Descriptor[]
  /** What lists show of it, where that is known; it can be read from the config again. */
  readonly facts?: ListedFacts | undefined
}

/** What lists show of an image beyond what its manifest says, remembered so that they need not read its config. */
export interface ListedFacts {
  /** Bytes of the uncompressed layers. */
  readonly unpackedSize: number
  /** Of the config; none by default. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** A manifest that is no runnable image, and all that it needs: an attestation, an artifact, or an index within an index. */
export interface OtherContent {
  readonly manifest: Descriptor
  /** Its config, layers or blobs; none for an index. */
  readonly parts: readonly Descriptor[]
}

/** What of a target is brought into the store. */
export interface NewContent {
  /** Images that are whole. */
  readonly platforms?: readonly PlatformImage[]
  /** Manifests of content that another target has already, and that belongs to this one too. */
  readonly present?: readonly Pick<Descriptor, 'digest'>[]
  readonly others?: readonly OtherContent[]
}

/** A name, and what it stands for. */
export interface NewName {
  readonly name: Reference
  /** What came: an index, the manifest of an image, or an artifact. */
  readonly target: Descriptor
  /** Whether somebody asked for this digest, so that the name keeps the target like a tag; `false` by default. */
  readonly isPinned?: boolean | undefined
}

/** A name in the store. */
export interface NameRecord {
  /** In full: `docker.io/library/alpine:3`. */
  readonly reference: string
  /** The same in parts: either a tag or a digest. */
  readonly name: Reference
  readonly target: Descriptor
  /** Whether it is a digest that somebody asked for; one that only goes along with a tag is not. */
  readonly isPinned: boolean
  /** When the name was given, in milliseconds since 1970. */
  readonly namedAtMs: number
}

/** What the store keeps as one: what was pulled, loaded, pushed or made, with its names. */
export interface StoredImage {
  /** What the names stand for: an index, the manifest of an image, or an artifact. */
  readonly target: Descriptor
  /** When it came into the store, in milliseconds since 1970. */
  readonly addedAtMs: number
  /**
   * When it came, got a name or was used last, in milliseconds since 1970; uses as far as they are recorded, see
   * `UseRecords`.
   */
  readonly usedAtMs: number
  /** Sorted by their full text. */
  readonly names: readonly NameRecord[]
  /** The images in it that are here whole, in the order in which they came; none for an artifact. */
  readonly platforms: readonly PlatformImage[]
  /** What else of it is here: attestations, artifacts and indexes within the index. */
  readonly others: readonly OtherContent[]
}
