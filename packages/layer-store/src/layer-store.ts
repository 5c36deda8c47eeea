import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Checker, Fetcher } from '@drayage/content'
import type { ChainId, DiffId, Digest, DigestAlgorithm } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { LayerEntry } from './indexes/layer-entry.ts'

/** Most layers on top of each other: what overlay file systems take, and what other engines enforce. */
export const MAX_LAYER_DEPTH: number = 125

/** Options of every layer store. */
export interface LayerStoreOptions {
  /** Holds the blobs. */
  readonly content: Fetcher & Checker
  /** Most bytes of one uncompressed layer; 1 TiB by default. */
  readonly maxBytes?: number | undefined
}

/** Options of {@link LayerStore.measure}. */
export interface MeasureOptions extends AbortOptions {
  /** Hash of the DiffID; sha256 by default. */
  readonly algorithm?: DigestAlgorithm | undefined
  /** Whether the arrays of the source are given away, so that they need not be copied; `false` by default. */
  readonly ownsSource?: boolean | undefined
}

/** Why a tar has no index: `archive/tar` of Go refuses it, and so do programs that unpack it. */
export interface TarFault {
  readonly found: string
  /** Where in the uncompressed tar, in bytes. */
  readonly offset: number
}

/** What is known about a layer after its blob was read once. */
export interface LayerMeasurement {
  readonly diffId: DiffId
  /** Size of the uncompressed tar in bytes. */
  readonly size: number
  /** Entries of the tar, those before its fault where it has one. */
  readonly entryCount: number
  /** Why the tar has no index, although it was hashed. */
  readonly fault?: TarFault
}

/** A registered layer. */
export interface LayerRecord {
  readonly chainId: ChainId
  readonly diffId: DiffId
  /** The layer below; none for a base layer. */
  readonly parent: ChainId | undefined
  /** The blob that it was first registered from. */
  readonly blob: Descriptor
  /** Size of the uncompressed tar in bytes. */
  readonly size: number
  /** Entries of the tar, those before its fault where it has one. */
  readonly entryCount: number
  /** How many layers it is, itself included. */
  readonly depth: number
  /** Why the tar has no index. Its bytes are kept all the same. */
  readonly fault?: TarFault
}

/** What a layer is registered as. */
export interface RegisterOptions extends AbortOptions {
  /** The layer below; none for a base layer. */
  readonly parent?: ChainId | undefined
  /** The DiffID that the image's config states. */
  readonly diffId: DiffId
  /** Who keeps the layer: any text, such as an image ID. */
  readonly holder: string
}

/** What a release took away. */
export interface Released {
  /** Layers that are no longer registered, each before the one that it sat on. */
  readonly layers: readonly LayerRecord[]
  /** Blobs that no registered layer needs. They are still in the content store. */
  readonly blobs: readonly Descriptor[]
}

/** Finds out what is in a blob. */
export interface LayerMeasurer {
  /**
   * Inflates, hashes and indexes a layer while its bytes arrive, in a worker thread where the store has some. A measure that
   * waits for a thread does not read its source, so a source must not depend on another queued measure. Compression is
   * detected. The measurement is then registered, or given to {@link LayerMeasurer.discard}.
   *
   * @throws CompressedDataError `ERR_COMPRESSED_DATA`
   * @throws CompressionLimitError `ERR_COMPRESSION_LIMIT`
   * @throws WorkerCrashedError `ERR_WORKER_CRASHED`
   */
  measure(source: ByteStream, options?: MeasureOptions): Promise<LayerMeasurement>
  /** Drops a measurement that is not going to be registered. */
  discard(measurement: LayerMeasurement): Promise<void>
}

/** Keeps and drops layers. */
export interface LayerRegistrar {
  /**
   * Registers a layer on its parent for a holder. The measurement may be missing when this blob was registered before.
   * A layer that is registered already gets the holder added. A tar that nobody can read is registered too, with its fault:
   * only its entries are missing.
   *
   * @throws DiffIdMismatchError `ERR_DIFF_ID_MISMATCH`
   * @throws LayerNotFoundError `ERR_LAYER_NOT_FOUND` when the parent is not registered
   * @throws LayerDepthError `ERR_LAYER_DEPTH` above {@link MAX_LAYER_DEPTH} layers
   * @throws LayerUnmeasuredError `ERR_LAYER_UNMEASURED`
   */
  register(layer: Descriptor, measurement: LayerMeasurement | undefined, options: RegisterOptions): Promise<LayerRecord>
  /**
   * Adds a holder to a registered layer.
   *
   * @throws LayerNotFoundError `ERR_LAYER_NOT_FOUND`
   */
  hold(chainId: ChainId, holder: string): Promise<LayerRecord>
  /** Takes a holder away from all layers, and removes the layers that have no holder left and no layer on top. */
  release(holder: string): Promise<Released>
  /** {@link LayerRegistrar.release} for several holders in one step; what each gave back, in their order. */
  releaseAll(holders: readonly string[]): Promise<readonly Released[]>
}

/** Options of {@link LayerReader.find}. */
export interface FindOptions extends AbortOptions {
  /** Hash of the DiffID; any by default. */
  readonly algorithm?: DigestAlgorithm | undefined
}

/** Options of {@link LayerReader.hasIndex}. */
export interface HasIndexOptions extends AbortOptions {
  /** Whether it is read; `false` by default. */
  readonly deep?: boolean
}

/** Reads registered layers. */
export interface LayerReader {
  /** What a blob inflates to, when it was registered before and is still in the content store. */
  find(blob: Digest, options?: FindOptions): Promise<DiffId | undefined>
  /** The record of a layer; `undefined` when it is not registered. */
  get(chainId: ChainId): Promise<LayerRecord | undefined>
  /**
   * The uncompressed tar of a layer. Only a consumer that reads to the end has verified bytes.
   *
   * @throws LayerNotFoundError `ERR_LAYER_NOT_FOUND`
   * @throws LayerCorruptError `ERR_LAYER_CORRUPT` at its end when the DiffID is another, at once when no blob is left
   */
  openTar(chainId: ChainId, options?: AbortOptions): ByteStream
  /**
   * Whether a layer has its index, or a fault instead of one; when it is looked at deeply, whether it can be read to its end
   * and has as many entries as the tar.
   *
   * @throws LayerNotFoundError `ERR_LAYER_NOT_FOUND`
   */
  hasIndex(chainId: ChainId, options?: HasIndexOptions): Promise<boolean>
  /**
   * Makes the index of a layer from its blob, instead of one that is there.
   *
   * @throws LayerNotFoundError `ERR_LAYER_NOT_FOUND`
   * @throws LayerCorruptError `ERR_LAYER_CORRUPT`
   */
  indexAgain(chainId: ChainId, options?: AbortOptions): Promise<void>
  /**
   * The entries of a layer's tar, in its order, without reading the blob; an index that is lost is made again.
   *
   * @throws LayerNotFoundError `ERR_LAYER_NOT_FOUND`
   * @throws LayerTarError `ERR_LAYER_TAR` for a layer with a fault
   */
  entries(chainId: ChainId, options?: AbortOptions): AsyncIterable<LayerEntry>
}

/** Brings the records of layers back after they were lost. */
export interface LayerRestorer {
  /**
   * Registers a layer as it was before, on the word of the caller that the blob has this DiffID, with what the index of
   * its entries says; `undefined` when that does not say enough, and the layer is to be measured.
   *
   * @throws LayerNotFoundError `ERR_LAYER_NOT_FOUND` when the parent is not registered
   */
  restore(layer: Descriptor, options: RegisterOptions): Promise<LayerRecord | undefined>
  /** Releases all holders but these. */
  retain(holders: ReadonlySet<string>, options?: AbortOptions): Promise<void>
}

/** Removes what killed processes left. */
export interface LayerSweeper {
  /** Removes the indexes that no layer has, and those that processes were writing which have ended. */
  sweep(options?: AbortOptions): Promise<void>
}

/** Layers by ChainID. Disposing it ends the worker threads. */
export interface LayerStore
  extends LayerMeasurer, LayerRegistrar, LayerReader, LayerRestorer, LayerSweeper, AsyncDisposable {}
