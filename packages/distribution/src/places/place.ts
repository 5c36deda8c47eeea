import type { AbortOptions } from '@drayage/bytes'
import type { Checker } from '@drayage/content'
import type { DiffId } from '@drayage/digest'
import type { Descriptor, ManifestFormat, Platform } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

import type { TransferOptions } from '../copy/context.ts'
import type { CopySink, GraphSource, TarLayer } from '../ports.ts'

/** A kind of place that images are copied from and to, such as OCI layouts: one object for each prefix. */
export interface Transport {
  /** What places of this kind begin with, without the colon: `oci`. */
  readonly prefix: string
  /** How such a place is written, for help and errors: `oci:DIR[:TAG]`. */
  readonly syntax: string
  /** How one is written that takes several images, for errors: `oci:DIR`; without it such a place takes one. */
  readonly severalSyntax?: string
  /**
   * Reads the name of a place. Nothing is opened.
   *
   * @param rest what follows the prefix and its colon
   * @throws an error with a code for text that names no such place
   */
  parse(rest: string): Place
}

/** A place that can be read, written, or both. */
export interface Place {
  /** As it is written. */
  readonly text: string
  /** The same for every way to write this place: by it, `sync` finds two sources for one target. */
  readonly key: string
  /** The tag that the text itself names. */
  readonly tag?: string | undefined
  /** Whether the text names a digest. */
  readonly isDigest?: boolean
  /** Whether the text names a repository, which stands for an image only with a tag; `latest` is meant where none is given. */
  readonly needsTag?: boolean
  /** Opens it for reading; places that cannot be read have none. */
  openSource?(options: OpenSourceOptions): Promise<PlaceSource>
  /** The tags that the place has, where it can hold several images under tags. */
  listTags?(options: AbortOptions): AsyncIterable<string>
  /** What can be written there; places that cannot be written have none. */
  readonly target?: PlaceTarget | undefined
}

/** What is going to be read of a place. */
export interface OpenSourceOptions extends AbortOptions {
  /** Whether an index is wanted, rather than one image of it; `false` by default. */
  readonly takesIndex?: boolean
  /** The platforms that are wanted, where some are asked for. */
  readonly platforms?: readonly Platform[]
  /** Whether it is wanted as it came, rather than as what was made of it here; `false` by default. */
  readonly preserveDigests?: boolean
}

/** An opened place that an image is read from. Disposing it closes what was opened. */
export interface PlaceSource extends AsyncDisposable {
  readonly content: GraphSource
  readonly from: Reference | Descriptor
  /** Where the source itself has chosen of the index that `from` is; it has all of it by default. */
  readonly parts?: IndexParts | undefined
  /** What messages call it. */
  readonly label: string
  /** What the image is called where it is not given another name, each with a tag; the first, where one name fits. */
  readonly names: readonly Reference[]
  /** What its entry in a layout is called where it is not given another name. */
  readonly entryName?: string | undefined
  /** Whether it holds no manifests, so that those that it gives are made. */
  readonly makesManifests?: boolean
  /** The repository of a registry that it is in. */
  readonly repository?: Repository | undefined
  /** Whether a registry sends it, so that it has to mean the same to every reader; `false` by default. */
  readonly isRemote?: boolean
  /** The repository that its tags are resolved in, such as those of cosign. */
  readonly tagsIn?: Repository | undefined
  /** What it remembers of repositories that hold its blobs, for a copy to one of them. */
  holders?(target: Repository): BlobHolders
  /** Its layers, uncompressed and verified, where it keeps more than their bytes. */
  tars?(diffIds: readonly DiffId[], options: AbortOptions): Promise<readonly TarLayer[] | undefined>
}

/** What goes along with an index, in its order. */
export interface IndexParts {
  readonly taken: readonly Descriptor[]
  /** What the source does not have, and what was not asked for. */
  readonly leftOut: readonly Descriptor[]
}

/** Where a source knows its blobs to be, and how it learns more. */
export interface BlobHolders extends Pick<TransferOptions, 'mountFrom' | 'onMountRefused'> {
  /** Remembers that content is in the target repository. */
  record(content: readonly Descriptor[]): Promise<void>
}

/** What a place can hold. */
export interface PlaceHolds {
  /** An index with several images. */
  readonly index: boolean
  /** Whether it keeps the index of each image, whichever of its other images come along; `false` by default. */
  readonly keepsIndex?: boolean
  /** What refers to an image, and the list of it. */
  readonly referrers: boolean
  /** Manifests as they are; a docker-archive holds none, and its layers are uncompressed. */
  readonly manifests: boolean
  /** The format of images that come in one it does not take; `v2s2` by default. */
  readonly format?: ManifestFormat
  /** Schema 1, for registries that know nothing else; `false` by default. */
  readonly schema1?: boolean
  /** Several images, each under a name of its own; `false` where the text names the one that it takes. */
  readonly several: boolean
}

/** Options of {@link PlaceTarget.current}. */
export interface CurrentOptions extends AbortOptions {
  /** Which images of an index are wanted; that of this machine by default. */
  readonly platforms?: readonly Platform[] | undefined
}

/** A place that can be written. */
export interface PlaceTarget {
  /** What messages call such a place, with its article: `a docker-archive`. */
  readonly kind: string
  readonly holds: PlaceHolds
  /** Whether it is written as a whole, so that all its images have to be known before it is opened. */
  readonly isWhole?: boolean
  /**
   * What it has for an image, without writing there; a place that does not exist yet has nothing.
   *
   * @throws an error with a code where the copy would fail for what is there
   */
  look(image: PlaceSource, options: AbortOptions): Promise<PlaceView>
  /**
   * What its name stands for now, where it has one: `undefined`, or an error with the code `ERR_NAME_NOT_FOUND`, when it
   * stands for nothing. `sync` needs it to compare, and takes no target that has neither this nor several images. A place
   * that keeps indexes has none as long as an image for one of the platforms is missing.
   */
  current?(options: CurrentOptions): Promise<Descriptor | undefined>
  /** Opens it for writing. */
  open(options: OpenTargetOptions): Promise<PlaceSink>
}

/** What {@link PlaceTarget.look} finds. */
export interface PlaceView {
  /** Where the image would go, as it is written. */
  readonly text: string
  /**
   * Equal for views in which a later image of the same call finds what an earlier one brought. Too coarse, and a plan counts
   * content as present that is copied; too fine, and it counts what images share as copied for each.
   */
  readonly key: string
  readonly sink: Checker
  /** The repository of a registry that it is. */
  readonly repository?: Repository
  readonly mountFrom?: TransferOptions['mountFrom']
}

/** How a place is opened for writing. */
export interface OpenTargetOptions extends AbortOptions {
  /** Whether several images go there, so that each needs a name of its own; only where the place holds several. */
  readonly isForSeveral: boolean
}

/** A place that is open for writing. Disposing it without `finish` takes back what is only whole at its end. */
export interface PlaceSink extends AsyncDisposable {
  /**
   * The sink of one image.
   *
   * @throws an error with a code for an image that cannot go there, such as one without a name
   */
  place(image: PlaceSource): Promise<PlacedImage>
  /** Completes what is only whole at its end. */
  finish?(options: AbortOptions): Promise<void>
}

/** A place as one image sees it: where its content goes, or that there is nothing left to copy. */
export type PlacedImage =
  | {
      readonly sink: CopySink
      /**
       * What the image is called there: `tag` of the sink is called with each, once the image is whole. A sink with
       * `putRoot` is first called with that, which makes an entry without a reference; `names` may then be empty.
       */
      readonly names: readonly Reference[]
      /** Options of the copy that are the place's own. */
      readonly options?: TransferOptions
      /** Ends what the sink kept for the copy, once it has succeeded. */
      complete?(): Promise<void>
    }
  | {
      /** The manifest of the image, which is there whole and has its name. */
      readonly present: Descriptor
    }
