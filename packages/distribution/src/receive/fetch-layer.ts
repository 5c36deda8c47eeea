import { anySignal } from '@drayage/bytes'
import { canFollow, isDoubtful, problemOf, type Fetcher, type Ingest } from '@drayage/content'
import type { DiffId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { TransferContext } from '@drayage/transfer'

import { TransferError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import type { ImageSink, LayerMeasurement } from '../ports.ts'
import type { CopyContext } from '../copy/context.ts'
import { fetchBlob } from '../copy/fetch-blob.ts'

/** A layer that is stored and verified. */
export interface ReceivedLayer<M extends LayerMeasurement> {
  readonly diffId: DiffId
  /** Absent when the store knows the blob from before. */
  readonly measurement?: M
}

/** Brings a layer, inflating and hashing it while it arrives. */
export async function fetchLayer<M extends LayerMeasurement>(
  source: Fetcher,
  { content, layers }: ImageSink<M>,
  layer: Descriptor,
  context: TransferContext<LayerState> & Pick<CopyContext, 'retry'>,
): Promise<ReceivedLayer<M>> {
  const { signal, retry, report, release } = context
  const failed = new AbortController()
  const following = { signal: anySignal(failed.signal, signal) }
  const measures: Promise<M>[] = []
  const onIngest = (ingest: Ingest): void => {
    if (!canFollow(ingest)) return
    const measuring = layers.measure(ingest.follow(following), following)
    // Its failure matters only once the bytes are verified: damaged bytes fail there too, with the better words.
    measuring.catch(() => {})
    measures.push(measuring)
  }
  try {
    const outcome = await fetchBlob(source, content, layer, { signal, retry, onState: report, onIngest })
    report({ state: 'downloaded' })
    release()
    report({ state: 'registering' })
    const followed = outcome === 'fetched' ? measures.at(-1) : undefined
    const measure = (): Promise<M> => layers.measure(content.fetch(layer, { signal }), { signal })
    // What the work was lost with, such as its thread, says nothing of the layer, which is here.
    const measurement = await (followed ?? measure()).catch((error: unknown) => {
      signal.throwIfAborted()
      if (isDoubtful(error)) return measure()
      throw error
    })
    return { diffId: measurement.diffId, measurement }
  } catch (error) {
    signal.throwIfAborted()
    failed.abort(error)
    if (error instanceof TransferError) throw error
    // A verified layer that cannot be measured is a bad layer, unless the store could not write what it measured.
    const [side, step] =
      problemOf(error) === 'unwritable' ? (['sink', 'store'] as const) : (['source', 'verify'] as const)
    throw new TransferError(side, step, `layer ${layer.digest}`, error)
  } finally {
    // Nothing of this layer is written after it has failed.
    await Promise.allSettled(measures)
  }
}
