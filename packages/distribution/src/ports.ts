import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { BlobSizer, Checker, Fetcher, Ingester, Resolver, Tagger } from '@drayage/content'
import type { ChainId, DiffId, Digest, DigestAlgorithm, ImageId } from '@drayage/digest'
import type { DecodedImageConfig, Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

/** Lists the tags of one repository. */
export interface TagLister {
  tags(options?: AbortOptions): AsyncIterable<string>
}

/** One repository to pull from. */
export interface RepositorySource extends Fetcher, Resolver, TagLister, Partial<BlobSizer> {}

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

/** Options of a {@link LayerMeasurer}. */
export interface DiffIdOptions extends AbortOptions {
  /** Hash of the DiffID. */
  readonly algorithm?: DigestAlgorithm | undefined
}

/** Reads layers: what their bytes inflate to. */
export interface LayerMeasurer<M extends LayerMeasurement> {
  /** The DiffID that this blob is known to inflate to, when the blob is there; by any hash by default. */
  find(blob: Descriptor, options?: DiffIdOptions): Promise<DiffId | undefined>
  /** Inflates and hashes a layer whose bytes may still be arriving; with sha256 by default. */
  measure(source: ByteStream, options?: DiffIdOptions): Promise<M>
  /** Drops a measurement that is not going to be registered. */
  discard(measurement: M): Promise<void>
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
}

/** Content that is no image and is here with all its parts: an attestation, an artifact, or an index within an index. */
export interface OtherContent {
  readonly manifest: Descriptor
  /** Its config and layers, each once; none of an index. */
  readonly parts: readonly Descriptor[]
}

/** What a copy brought into a store of images. */
export interface ReceivedContent {
  /** What the names stand for: an index, the manifest of an image, or an artifact. */
  readonly target: Descriptor
  /** The images that came. */
  readonly images: readonly PulledImage[]
  /** The manifests of images that were asked for too, and were here whole. */
  readonly present: readonly Descriptor[]
  /** What else of the target is here, also from before. */
  readonly others: readonly OtherContent[]
}

/** A name of what was received. */
export interface ImageName {
  readonly name: Reference
  /** Whether the name has a digest that was asked for, so that it keeps what it stands for; `false` by default. */
  readonly isPinned?: boolean
}

/** Keeps images. */
export interface ImageRegistrar {
  /** The image's ID, when the whole image with this manifest is there. */
  findImage(manifest: Descriptor, options?: AbortOptions): Promise<ImageId | undefined>
  /**
   * Makes all of it visible and durable together, and gives the names to its target: a crash leaves all or nothing. What the
   * store has of the target from before stays.
   */
  putImages(received: ReceivedContent, names: readonly ImageName[], options?: AbortOptions): Promise<void>
}

/** Names of what is kept. */
export interface NameKeeper {
  /** What `name` stands for now. */
  targetOf(name: Reference, options?: AbortOptions): Promise<Descriptor | undefined>
}

/** Keeps content from being swept while nothing else refers to it. */
export interface ContentKeeper {
  /** From when it resolves until the end of the pull, `what` stays if it is there or comes. */
  keep(what: readonly Descriptor[], options?: AbortOptions): Promise<void>
}

/**
 * A sink of images, such as a local store: it measures layers while they arrive, and makes an image visible with its names
 * once all of it is there. `canKeepImages` tells.
 */
export interface ImageSink<M extends LayerMeasurement = LayerMeasurement> {
  /** Stands for the store behind several sinks, whose copies share their transfers; the sink itself by default. */
  readonly place?: object
  readonly content: BlobStore & ContentKeeper
  readonly layers: LayerMeasurer<M> & LayerRegistrar<M>
  readonly images: ImageRegistrar & NameKeeper
}

/** A manifest that was asked for by its name. */
export interface NamedManifest {
  readonly bytes: Uint8Array
  /** The server that gave it, such as `https://registry.example`. */
  readonly origin: string
}

/**
 * Gives a manifest by the tag that stood for it, for registries that do not give it by its digest. It is an ability that a
 * source may have; `canFetchNamed` tells.
 */
export interface NamedFetcher {
  /**
   * @throws NameNotFoundError `ERR_NAME_NOT_FOUND`
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` when the tag stands for something else by now
   */
  fetchNamed(what: Descriptor, name: Reference, options?: AbortOptions): Promise<NamedManifest>
}

/** A source of whole graphs: a store, a layout or a repository. One that tells sizes may give schema 1. */
export interface GraphSource extends Fetcher, Resolver, Partial<BlobSizer> {}

/** A sink of whole graphs. */
export interface GraphSink extends Ingester, Checker, Tagger {}

/** A layer as its uncompressed tar. */
export interface TarLayer {
  readonly diffId: DiffId
  /** In bytes; a guess that is checked where only `sizeHint` is known. */
  readonly size?: number | undefined
  readonly sizeHint?: number | undefined
  /** Whether the stream fails by itself when it is not what `diffId` says. */
  readonly isVerified: boolean
  open(options: AbortOptions): ByteStream
}

/** An image as an {@link ImageWriter} takes it. */
export interface WrittenImage {
  readonly manifest: Descriptor
  readonly config: Uint8Array
  /** Bottom to top, as they came. */
  readonly layers: readonly { readonly descriptor: Descriptor; readonly diffId: DiffId }[]
  /** What the image is called there. */
  readonly names: readonly Reference[]
  /** Gives the layers: from their first byte verified, and again from where a broken source stopped. */
  readonly content: Fetcher
}

/**
 * A sink that takes whole images, one after another, with their layers in order and without their manifests: a
 * docker-archive, or a Docker Engine that reads one. `canWriteImages` tells.
 */
export interface ImageWriter {
  add(image: WrittenImage, options?: AbortOptions): Promise<void>
}

/**
 * Keeps the root of a copy without a reference, as the entry of a layout or the one image of a directory; asked for in place
 * of a name. It is an ability that a sink may have; `canPutRoot` tells.
 */
export interface RootPutter {
  putRoot(what: Descriptor, options?: AbortOptions): Promise<void>
}

/**
 * Hears of content in the order that it should have, before it comes, such as an archive whose bytes are to be the same each
 * time. It is an ability that a sink may have; `canExpect` tells.
 */
export interface ContentExpecter {
  expect(content: Iterable<Descriptor>): void
}

/**
 * Takes no image without all of its layers, such as an archive that older readers unpack. It is a property that a sink of
 * content may have; `needsAllLayers` tells.
 */
export interface LayerNeeder {
  readonly needsAllLayers: true
}

/** Anything that a copy can write to. */
export type CopySink<M extends LayerMeasurement = LayerMeasurement> = GraphSink | ImageSink<M> | ImageWriter

/** Tells whether `sink` keeps images, not only their content. */
export function canKeepImages<M extends LayerMeasurement>(sink: CopySink<M>): sink is ImageSink<M> {
  return 'images' in sink && 'layers' in sink
}

/** Tells whether `source` gives a manifest by its name where it does not by its digest. */
export function canFetchNamed(source: object): source is NamedFetcher {
  return 'fetchNamed' in source && typeof source.fetchNamed === 'function'
}

/** Tells whether `sink` keeps a root without a reference. */
export function canPutRoot(sink: object): sink is RootPutter {
  return 'putRoot' in sink && typeof sink.putRoot === 'function'
}

/** Tells whether `sink` hears of content before it comes. */
export function canExpect(sink: object): sink is ContentExpecter {
  return 'expect' in sink && typeof sink.expect === 'function'
}

/** Tells whether `sink` takes no image without its foreign layers. */
export function needsAllLayers(sink: object): sink is LayerNeeder {
  return 'needsAllLayers' in sink && sink.needsAllLayers === true
}

/** Tells whether `sink` takes whole images with their layers in order. */
export function canWriteImages(sink: CopySink): sink is ImageWriter {
  return 'add' in sink && typeof sink.add === 'function'
}
