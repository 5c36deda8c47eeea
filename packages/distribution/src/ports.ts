import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Checker, Fetcher, Ingester, Resolver, Tagger } from '@drayage/content'
import type { ChainId, DiffId, Digest, DigestAlgorithm, ImageId } from '@drayage/digest'
import type { DecodedImageConfig, Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

/** Lists the tags of one repository. */
export interface TagLister {
  tags(options?: AbortOptions): AsyncIterable<string>
}

/** One repository to pull from. */
export interface RepositorySource extends Fetcher, Resolver, TagLister {}

/** Opens repositories by name; a registry client is one. */
export interface RepositoryOpener {
  repository(name: Repository): RepositorySource
}

/** Where pulled blobs go: verified, durable, resumable. */
export interface BlobStore extends Fetcher, Checker, Ingester {}

/** What a layer's bytes inflate to, as its store measured it. */
export interface LayerMeasurement {
  readonly diffId: DiffId
}

/** Reads layers: what their bytes inflate to. */
export interface LayerMeasurer<M extends LayerMeasurement> {
  /** The DiffID that this blob is known to inflate to, when the blob is there. */
  find(blob: Descriptor, options?: AbortOptions): Promise<DiffId | undefined>
  /** Inflates and hashes a layer whose bytes may still be arriving. */
  measure(source: ByteStream, options?: AbortOptions): Promise<M>
}

/** A layer in another compression, and what went into it. */
export interface RecompressedBlob {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly uncompressed: { readonly digest: Digest }
}

/** How a layer is recompressed. */
export interface RecompressRequest extends AbortOptions {
  readonly compression: 'gzip' | 'zstd'
  readonly level?: number | undefined
  /** Of both digests. */
  readonly algorithm?: DigestAlgorithm | undefined
}

/** Changes the compression of layers. */
export interface LayerRecompressor {
  /** Inflates `source`, compresses it and hashes both; `result` is there when `stream` was read to its end. */
  recompress(
    source: ByteStream,
    request: RecompressRequest,
  ): { readonly stream: ByteStream; readonly result: Promise<RecompressedBlob> }
}

/** Keeps layers. */
export interface LayerRegistrar<M extends LayerMeasurement> {
  /** Makes a verified layer part of the store, on top of `parent`; `measurement` is absent when the blob is known. */
  register(
    layer: Descriptor,
    measurement: M | undefined,
    place: { readonly diffId: DiffId; readonly parent?: ChainId | undefined; readonly image: ImageId },
    options?: AbortOptions,
  ): Promise<ChainId>
}

/** An image that is whole: all its blobs are stored and all its layers are registered. */
export interface PulledImage {
  readonly id: ImageId
  readonly manifest: Descriptor
  readonly config: DecodedImageConfig
  readonly layers: readonly Descriptor[]
  /** The index that the manifest was chosen from. */
  readonly index?: Descriptor | undefined
  /** The repository it came from, if it came from a registry. */
  readonly repository?: Repository | undefined
}

/** Keeps images. */
export interface ImageRegistrar {
  /** The image's ID, when the whole image with this manifest is there. */
  findImage(manifest: Descriptor, options?: AbortOptions): Promise<ImageId | undefined>
  /** Makes the image visible and durable. */
  putImage(image: PulledImage, options?: AbortOptions): Promise<void>
}

/** Names of images. */
export interface NameKeeper {
  /** Which image `name` selects now. */
  imageOf(name: Reference, options?: AbortOptions): Promise<ImageId | undefined>
  /** Makes `name` stand for what was pulled and the image that it selects. */
  nameImage(name: Reference, target: Descriptor, image: ImageId, options?: AbortOptions): Promise<void>
}

/** Keeps content from being swept while nothing else refers to it. */
export interface ContentKeeper {
  /** From when it resolves until the end of the pull, `what` stays if it is there or comes. */
  keep(what: readonly Descriptor[], options?: AbortOptions): Promise<void>
}

/** Everything that {@link pull} needs of a store. */
export interface PullStore<M extends LayerMeasurement> {
  readonly content: BlobStore & ContentKeeper
  readonly layers: LayerMeasurer<M> & LayerRegistrar<M>
  readonly images: ImageRegistrar & NameKeeper
}

/** A source of whole graphs: a store, a layout or a repository. */
export interface GraphSource extends Fetcher, Resolver {}

/** A sink of whole graphs. */
export interface GraphSink extends Ingester, Checker, Tagger {}
