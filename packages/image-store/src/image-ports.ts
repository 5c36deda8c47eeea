import type { AbortOptions } from '@drayage/bytes'
import type { Resolver, Tagger, Untagger } from '@drayage/content'
import type { Digest, ImageId } from '@drayage/digest'
import type { DecodedImageConfig, Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

import type { ListedFacts, NameRecord, NewContent, NewName, PlatformImage, StoredImage } from './stored-image.ts'

/** Gives names. */
export interface NameSetter {
  /**
   * Gives names, all of them or none. A target that loses its last name to another stays when it has images.
   *
   * @throws NameRefusedError `ERR_NAME_REFUSED`
   * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` for a target that is not in the store
   */
  setNames(names: readonly NewName[], options?: AbortOptions): Promise<void>
}

/** Tells what names stand for. */
export interface NameReader {
  /** What `name` stands for; `undefined` when it is not in the store. */
  targetOf(name: Reference, options?: AbortOptions): Promise<Descriptor | undefined>
  /** All names, sorted by their full text. */
  listNames(options?: AbortOptions): Promise<NameRecord[]>
}

/** Options of {@link ImagePutter.put}. */
export interface PutImageOptions extends AbortOptions {
  /** Names for the target, given in the same step; none by default. */
  readonly names?: readonly Omit<NewName, 'target'>[]
  /**
   * Who keeps the content, see `ContentLeaser`: then it is checked in the same step that all of it is still kept. Without a
   * holder, the caller answers for the content being there.
   */
  readonly keptBy?: string | undefined
}

/** Adds images. */
export interface ImagePutter {
  /**
   * Makes images visible as parts of what came, together with its names. What the store has of the target stays.
   *
   * @throws NameRefusedError `ERR_NAME_REFUSED`, and nothing is put
   * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` for `present` content that is in no target, and nothing is put
   * @throws LeaseLostError `ERR_LEASE_LOST` for content that the holder keeps no longer, and nothing is put
   */
  put(target: Descriptor, content: NewContent, options?: PutImageOptions): Promise<void>
}

/** Gives what is stored. */
export interface ImageReader {
  /** What is stored under the digest of a target. */
  get(target: Pick<Descriptor, 'digest'>, options?: AbortOptions): Promise<StoredImage | undefined>
  /** The image that was put with this manifest. */
  findImage(manifest: Pick<Descriptor, 'digest'>, options?: AbortOptions): Promise<PlatformImage | undefined>
  /** All that is stored, in no order. */
  list(options?: AbortOptions): Promise<StoredImage[]>
}

/** What a user's text stands for. */
export interface FoundImages {
  /** One, or all that have the digest in them. */
  readonly images: readonly [StoredImage, ...StoredImage[]]
  /** The name that the text is. */
  readonly name?: NameRecord | undefined
  /** What the text is, or is the start of: the digest of a target, of a manifest in it, or of a config. */
  readonly digest?: Digest | undefined
}

/** Finds images by what users type. */
export interface ImageFinder {
  /**
   * What the text selects: a full digest, else a name, else the start of a digest. Digests are those of targets, of the
   * manifests of their images, and of these images' configs.
   *
   * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
   * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS` for the start of digests of different images
   */
  find(text: string, options?: AbortOptions): Promise<FoundImages>
}

/** What is to be removed. */
export interface Removal {
  readonly names: readonly Reference[]
  /** Targets that go; one stays while it has a name that is not among `names`. */
  readonly targets: readonly Digest[]
}

/** What a removal took away. */
export interface Removed {
  readonly targets: readonly Descriptor[]
  /** Images that no target has any more. */
  readonly images: readonly PlatformImage[]
  /** The IDs of them that no other manifest has: their layers can be released. */
  readonly ids: readonly ImageId[]
  /** Content that may have lost its last use. */
  readonly content: readonly Digest[]
}

/** Removes names and images; the caller releases the layers and the content. */
export interface ImageRemover {
  /** Removes names and targets in one step. */
  remove(removal: Removal, options?: AbortOptions): Promise<Removed>
  /** Takes images and other content out of a target, which stays with its names. */
  removeContent(target: Digest, manifests: readonly Digest[], options?: AbortOptions): Promise<Removed>
}

/** Reads the configs of images. */
export interface ConfigReader {
  /**
   * The config of an image, from memory when it was used recently.
   *
   * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` for an image that was removed since it was found
   */
  readConfig(image: Pick<PlatformImage, 'manifest' | 'config'>, options?: AbortOptions): Promise<DecodedImageConfig>
}

/** Remembers what lists show of images. */
export interface FactRecords {
  /** Remembers facts of images, by their manifests; those of images that are gone are dropped. */
  recordFacts(
    facts: readonly (readonly [manifest: Digest, facts: ListedFacts])[],
    options?: AbortOptions,
  ): Promise<void>
}

/** Remembers when images were used. */
export interface UseRecords {
  /**
   * Remembers that what has this digest is used now: a target, or all targets that have this manifest. A use within
   * {@link USE_PRECISION_MS} of the last one is not recorded, and a rebuild of the database forgets all.
   */
  recordUse(what: Pick<Descriptor, 'digest'>, options?: AbortOptions): Promise<void>
}

/** How precisely uses are remembered, in milliseconds: a minute. */
export const USE_PRECISION_MS: number = 60_000

/** A repository that content came from or was pushed to. */
export interface ContentSource extends Repository {
  /** A keyed hash of the credentials that were used there; absent for anonymous access. */
  readonly auth?: string
}

/** Content in a repository. */
export interface NewSource {
  readonly digest: Digest
  /** A keyed hash of the credentials, never these themselves; none by default. */
  readonly auth?: string | undefined
}

/** Remembers which repositories hold content, so that it can be mounted from there. */
export interface SourceRecords {
  /** Makes the repository the newest source of all this content. */
  recordSources(content: readonly NewSource[], repository: Repository, options?: AbortOptions): Promise<void>
  /** Forgets that content is in a repository. */
  forgetSource(digest: Digest, repository: Repository, options?: AbortOptions): Promise<void>
  /** The known repositories of some content, newest first, at most 50. */
  sourcesOf(digest: Digest, options?: AbortOptions): Promise<ContentSource[]>
}

/** Images, their names, and where content came from. Every change is durable when its call resolves. */
export interface ImageStore
  extends
    Resolver,
    Tagger,
    Untagger,
    NameSetter,
    NameReader,
    ImagePutter,
    ImageReader,
    ImageFinder,
    ImageRemover,
    ConfigReader,
    FactRecords,
    UseRecords,
    SourceRecords {}
