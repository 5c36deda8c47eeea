import type { AbortOptions } from '@drayage/bytes'
import { canFollow, type Fetcher } from '@drayage/content'
import type { DiffId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { TransferManager } from '@drayage/transfer'

import { TransferError } from './errors.ts'
import type { LayerState, OnEvent } from './events.ts'
import { fetchBlob } from './fetch-blob.ts'
import type { BlobStore, LayerMeasurement, LayerMeasurer } from './ports.ts'
import type { RetryPolicy } from './retry-policy.ts'

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
  const known = await store.layers.find(layer, { signal })
  if (known !== undefined) {
    tell({ state: 'exists' })
    return { diffId: known }
  }
  tell({ state: 'queued' })
  const pulled = await options.transfers.run<PulledLayer<M>>(
    layer.digest,
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
  let measuring: Promise<M> | undefined
  await fetchBlob(source, store.content, layer, {
    signal,
    retry,
    onState: report,
    onIngest: (ingest) => {
      if (!canFollow(ingest)) return
      measuring = store.layers.measure(ingest.follow({ signal }), { signal })
      // Its failure is of interest only once the bytes are verified: damaged bytes fail there too, with the better words.
      measuring.catch(() => {})
    },
  })
  report({ state: 'downloaded' })
  release()
  report({ state: 'registering' })
  try {
    const measurement = await (measuring ?? store.layers.measure(store.content.fetch(layer, { signal }), { signal }))
    return { diffId: measurement.diffId, measurement }
  } catch (error) {
    signal.throwIfAborted()
    throw new TransferError('source', 'verify', `layer ${layer.digest}`, error)
  }
}
