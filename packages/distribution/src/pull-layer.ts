import type { AbortOptions } from '@drayage/bytes'
import { canFollow, type Fetcher, type Ingest } from '@drayage/content'
import type { DiffId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { TransferManager } from '@drayage/transfer'

import { TransferError } from './errors.ts'
import type { LayerState, OnEvent } from './events.ts'
import { fetchBlob } from './fetch-blob.ts'
import { inSink } from './in-sink.ts'
import type { BlobStore, LayerMeasurement, LayerMeasurer } from './ports.ts'
import type { RetryPolicy } from './retry-policy.ts'
import { runShared } from './run-shared.ts'

/** A layer that is stored and verified. */
export interface PulledLayer<M extends LayerMeasurement> {
  readonly diffId: DiffId
  /** Absent when the store knows the blob from before. */
  readonly measurement?: M
}

/** Options of {@link pullLayer}. */
export interface PullLayerOptions extends AbortOptions {
  readonly transfers: TransferManager<LayerState>
  readonly retry: RetryPolicy
  readonly onEvent: OnEvent
}

/** A store as far as a single layer needs it. */
export interface LayerSink<M extends LayerMeasurement> {
  readonly content: BlobStore
  readonly layers: LayerMeasurer<M>
}

/** Tells of a layer whether the store knows it from before, which makes pulling it needless, or that it is queued. */
export async function findLayer<M extends LayerMeasurement>(
  store: LayerSink<M>,
  layer: Descriptor,
  options: Pick<PullLayerOptions, 'signal' | 'onEvent'>,
): Promise<PulledLayer<M> | undefined> {
  const { signal, onEvent } = options
  const diffId = await inSink('store', `layer ${layer.digest}`, () => store.layers.find(layer, { signal }), options)
  onEvent({ type: 'layer', digest: layer.digest, layer: { state: diffId === undefined ? 'queued' : 'exists' } })
  return diffId === undefined ? undefined : { diffId }
}

/**
 * Brings one layer into the store, inflating and hashing it beside its download. Pulls of the same layer at the same
 * time, by any caller of the same transfer manager, share one download.
 *
 * @throws TransferError `ERR_TRANSFER`
 */
export async function pullLayer<M extends LayerMeasurement>(
  source: Fetcher,
  store: LayerSink<M>,
  layer: Descriptor,
  options: PullLayerOptions,
): Promise<PulledLayer<M>> {
  const { signal } = options
  const tell = (state: LayerState): void => options.onEvent({ type: 'layer', digest: layer.digest, layer: state })
  const pulled = await runShared<PulledLayer<M>>(
    options.transfers,
    `pull ${layer.digest} ${layer.size}`,
    (context) => fetchAndMeasure(source, store, layer, { ...options, ...context }),
    { signal, onProgress: tell, onState: (state) => state === 'waiting' && tell({ state: 'waiting' }) },
  )
  tell({ state: 'complete' })
  return pulled
}

interface FetchContext {
  readonly signal: AbortSignal
  readonly report: (state: LayerState) => void
  readonly release: () => void
  readonly retry: RetryPolicy
}

async function fetchAndMeasure<M extends LayerMeasurement>(
  source: Fetcher,
  store: LayerSink<M>,
  layer: Descriptor,
  context: FetchContext,
): Promise<PulledLayer<M>> {
  const { signal, retry, report, release } = context
  const failed = new AbortController()
  const following = { signal: AbortSignal.any([signal, failed.signal]) }
  const measures: Promise<M>[] = []
  const onIngest = (ingest: Ingest): void => {
    if (!canFollow(ingest)) return
    const measuring = store.layers.measure(ingest.follow(following), following)
    // Its failure is of interest only once the bytes are verified: damaged bytes fail there too, with the better words.
    measuring.catch(() => {})
    measures.push(measuring)
  }
  try {
    const outcome = await fetchBlob(source, store.content, layer, { signal, retry, onState: report, onIngest })
    report({ state: 'downloaded' })
    release()
    report({ state: 'registering' })
    const followed = outcome === 'fetched' ? measures.at(-1) : undefined
    const measurement = await (followed ?? store.layers.measure(store.content.fetch(layer, { signal }), { signal }))
    return { diffId: measurement.diffId, measurement }
  } catch (error) {
    signal.throwIfAborted()
    failed.abort(error)
    throw error instanceof TransferError ? error : measureError(layer, error)
  } finally {
    // Nothing of this layer is written after it has failed.
    await Promise.allSettled(measures)
  }
}

/** A verified layer that cannot be measured is a bad layer, unless the store says that it could not write. */
function measureError(layer: Descriptor, error: unknown): TransferError {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isOfStore = /^(E[A-Z0-9]+|ERR_STORE_\w+)$/.test(code)
  return isOfStore
    ? new TransferError('sink', 'store', `layer ${layer.digest}`, error)
    : new TransferError('source', 'verify', `layer ${layer.digest}`, error)
}
