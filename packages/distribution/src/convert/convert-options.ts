import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Descriptor, ManifestFormat } from '@drayage/manifest'
import { createTransferManager, type TransferManager } from '@drayage/transfer'

import { DEFAULT_CONCURRENT_RECOMPRESSIONS } from '../defaults.ts'
import type { LayerState, OnEvent } from '../events.ts'
import type {
  BlobStore,
  GraphSource,
  LayerMeasurement,
  LayerMeasurer,
  LayerRecompressor,
  RecompressedBlob,
} from '../ports.ts'
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from '../retry/retry-policy.ts'

/** Which compression layers get, and who compresses. */
export interface LayerRecompression {
  readonly compression: 'gzip' | 'zstd'
  /** When it is given, layers that have the compression already are compressed again. */
  readonly level?: number | undefined
  readonly recompressor: LayerRecompressor
}

/** Options of `convert`. */
export interface ConvertOptions extends AbortOptions {
  /** The format of all manifests; each keeps its own by default. */
  readonly format?: ManifestFormat | undefined
  /** That of schema 1, where `format` is not given; `v2s2` by default. */
  readonly schema1Format?: ManifestFormat | undefined
  /** Layers stay as they are by default, and those that are kept elsewhere always do. */
  readonly recompress?: LayerRecompression | undefined
  /** Reads the layers of schema 1, whose config names what they inflate to; without it schema 1 is not converted. */
  readonly measurer?: Pick<LayerMeasurer<LayerMeasurement>, 'measure'> | undefined
  /** Refuses images that only schema 1 describes; `false` by default. */
  readonly requireSchema2?: boolean | undefined
  /** Fails before anything is written when something would get another digest; `false` by default. */
  readonly preserveDigests?: boolean | undefined
  /**
   * Asked before anything is written, with the layers that are to be recompressed, which take about as much as before:
   * rejects where there is no room.
   */
  readonly assertRoom?: ((wanted: readonly Descriptor[], options: AbortOptions) => Promise<void>) | undefined
  /** Receives progress. */
  readonly onEvent?: OnEvent | undefined
  /** By default a manager of this conversion alone with two layers at a time. */
  readonly transfers?: TransferManager<LayerState> | undefined
  /** How failed requests are tried again; five tries, 5 s more between each two by default. */
  readonly retry?: RetryPolicy | undefined
}

/** What the parts of one conversion share. */
export interface ConvertContext extends AbortOptions {
  readonly source: GraphSource
  readonly scratch: BlobStore
  /** What is in the scratch store. */
  readonly made: Set<Digest>
  /** Layers that were recompressed, by their former digest. */
  readonly recompressed: Map<Digest, Promise<RecompressedBlob>>
  readonly format: ManifestFormat | undefined
  readonly schema1Format: ManifestFormat
  readonly recompress: LayerRecompression | undefined
  readonly measurer: ConvertOptions['measurer']
  readonly requireSchema2: boolean
  readonly preserveDigests: boolean
  readonly assertRoom: ConvertOptions['assertRoom']
  readonly onEvent: OnEvent
  readonly transfers: TransferManager<LayerState>
  readonly retry: RetryPolicy
}

/** The options with their defaults. */
export function convertOptions(
  source: GraphSource,
  scratch: BlobStore,
  made: Set<Digest>,
  options: ConvertOptions,
): ConvertContext {
  return {
    source,
    scratch,
    made,
    recompressed: new Map(),
    format: options.format,
    schema1Format: options.schema1Format ?? 'v2s2',
    recompress: options.recompress,
    measurer: options.measurer,
    requireSchema2: options.requireSchema2 ?? false,
    preserveDigests: options.preserveDigests ?? false,
    assertRoom: options.assertRoom,
    onEvent: options.onEvent ?? ((): void => {}),
    transfers: options.transfers ?? createTransferManager<LayerState>({ limit: DEFAULT_CONCURRENT_RECOMPRESSIONS }),
    retry: options.retry ?? DEFAULT_RETRY_POLICY,
    signal: options.signal,
  }
}
