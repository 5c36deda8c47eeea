import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Checker, Fetcher } from '@drayage/content'
import type { ChainId, DiffId, Digest, DigestAlgorithm } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { LayerMeasurement } from './layer-measurement.ts'
import type { LayerRecord } from './layer-record.ts'
import type { SqlDatabase } from './sql-database.ts'
import type { TarEntry } from './tar-entry.ts'

/** Most layers on top of each other: what overlay file systems take, and what other engines enforce. */
export const MAX_LAYER_DEPTH: number = 125

/** Options of `createLayerStore`. */
export interface LayerStoreOptions {
  /** Holds the records; its tables are created when they are missing. */
  readonly database: SqlDatabase
  /** Holds the indexes; created when it is missing. */
  readonly directory: string
  /** Holds the blobs. */
  readonly content: Fetcher & Checker
  /** Most layers measured at a time; one per processor by default, and at least 2. */
  readonly workers?: number | undefined
  /** Most bytes of one uncompressed layer; 1 TiB by default. */
  readonly maxBytes?: number | undefined
  /** Most uncompressed bytes per compressed byte, looked at after 1 GiB; 1000 by default. */
  readonly maxRatio?: number | undefined
}

/** Options of {@link LayerStore.measure}. */
export interface MeasureOptions extends AbortOptions {
  /** Hash of the DiffID; sha256 by default. */
  readonly algorithm?: DigestAlgorithm | undefined
  /** Whether the arrays of the source are given away, so that they need not be copied; `false` by default. */
  readonly ownsSource?: boolean | undefined
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
   * Inflates, hashes and indexes a layer in a worker thread while its bytes come. A measure that waits for a thread does
   * not read its source; a source may thus wait for its reader, as long as it does not need another queued measure.
   * Compression is detected. The measurement is registered, or given to {@link LayerMeasurer.discard}.
   *
   * @throws CompressedDataError `ERR_COMPRESSED_DATA`
   * @throws CompressionLimitError `ERR_COMPRESSION_LIMIT`
   * @throws UnsupportedCompressionError `ERR_COMPRESSION_UNSUPPORTED`
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
   * A layer that is registered already gets the holder added.
   *
   * @throws DiffIdMismatchError `ERR_DIFF_ID_MISMATCH`
   * @throws LayerTarError `ERR_LAYER_TAR` for a broken tar, also when its DiffID is as expected
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
  /** Takes a holder away from all layers, and with it the layers that nobody holds and nothing sits on. */
  release(holder: string): Promise<Released>
}

/** Reads registered layers. */
export interface LayerReader {
  /** What a blob inflates to, when it was registered before and is still in the content store. */
  find(blob: Digest, options?: AbortOptions): Promise<DiffId | undefined>
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
   * The entries of a layer's tar, in its order, without reading the blob; an index that is lost is made again.
   *
   * @throws LayerNotFoundError `ERR_LAYER_NOT_FOUND`
   */
  entries(chainId: ChainId, options?: AbortOptions): AsyncIterable<TarEntry>
}

/** Layers by ChainID. Disposing it ends the worker threads. */
export interface LayerStore extends LayerMeasurer, LayerRegistrar, LayerReader, AsyncDisposable {}
