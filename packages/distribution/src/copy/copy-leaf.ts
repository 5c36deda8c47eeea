import { canMount, isRetryable, type Checker, type Fetcher, type Ingester } from '@drayage/content'
import { isLayerType, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'
import { retry as retryWork, type TransferContext } from '@drayage/transfer'

import { MAX_CONFIG_BYTES, MOUNT_TRIES } from '../defaults.ts'
import type { LayerState } from '../events.ts'
import { causeInSink, hasInSink, inSink } from '../retry/attempt.ts'
import { forQuestions, forSmallContent, retryDelayMs, type RetryPolicy } from '../retry/retry-policy.ts'
import type { CopyContext } from './context.ts'
import { fetchBlob } from './fetch-blob.ts'
import { shareBlob } from './share-blob.ts'

const CONFIG_TYPES: readonly string[] = [MEDIA_TYPES.ociConfig, MEDIA_TYPES.dockerConfig]

/** Options of {@link copyLeaf}. */
export interface CopyLeafOptions extends CopyContext {
  /** Whether it is copied once more, since the sink turned out to lack it; it was reported before. */
  readonly isRestoring: boolean
}

/**
 * Copies one blob into a sink of content, by mounting it where that works; the same blob of several manifests once. All who
 * want it there at the same time share it, from the first look on: a look that another has overtaken would have it sent
 * again. Resolves to whether the sink was without it.
 */
export async function copyLeaf(
  source: Fetcher,
  sink: Ingester & Checker,
  blob: Descriptor,
  context: CopyLeafOptions,
): Promise<boolean> {
  const kind = CONFIG_TYPES.includes(blob.mediaType) ? { isConfig: true } : {}
  const tell = (layer: LayerState): void => context.onEvent({ type: 'layer', digest: blob.digest, layer, ...kind })
  const { transfers, signal, retry } = context
  const brought = await shareBlob(sink, blob, { transfers, signal, tell, needsSlot: false }, async (work) => {
    if (await isThere(sink, blob, { ...work, retry })) return { state: 'exists' } as const
    work.report({ state: 'queued' })
    // What a mount gave may be what is missing.
    const from = context.isRestoring ? undefined : await mountLeaf(sink, blob, { ...context, signal: work.signal })
    if (from !== undefined) return { state: 'mounted', from: from.path } as const
    await work.acquire()
    // Uploads of other processes are not waited for, so there is no point in asking a registry again.
    const isSmall = !isLayerType(blob.mediaType) && blob.size <= MAX_CONFIG_BYTES
    const sourceRetry = isSmall ? forSmallContent(retry) : retry
    const fetching = { retry, sourceRetry, isMissing: true, asksAgain: !canMount(sink) }
    await fetchBlob(source, sink, blob, { ...fetching, signal: work.signal, onState: work.report })
    return { state: 'complete' } as const
  })
  if (brought.state !== 'exists' || !context.isRestoring) tell(brought)
  return brought.state !== 'exists'
}

/** Whether the sink has the blob; asked again after failures that can pass. */
async function isThere(
  sink: Checker,
  blob: Descriptor,
  { signal, report, retry }: TransferContext<LayerState> & { readonly retry: RetryPolicy },
): Promise<boolean> {
  const look = (): Promise<boolean> => hasInSink(sink, blob, { signal })
  return await retryWork(() => inSink('store', `blob ${blob.digest}`, look, { signal }), {
    attempts: retry.attempts,
    isRetryable: (error) => isRetryable(causeInSink(error)),
    delayMs: (number, error) => retryDelayMs(forQuestions(retry), number, causeInSink(error)),
    onRetry: ({ secondsLeft, retry: number, error }) =>
      report({ state: 'retrying', secondsLeft, retry: number, error }),
    signal,
  })
}

/** The repository that the blob was taken from; nothing when it has to be copied. */
async function mountLeaf(
  sink: Ingester & Checker,
  blob: Descriptor,
  context: CopyContext,
): Promise<Repository | undefined> {
  const { signal } = context
  if (!canMount(sink)) return undefined
  const tries = MOUNT_TRIES.find(({ above }) => blob.size > above)?.tries ?? 1
  for (const from of (await context.mountFrom(blob)).slice(0, tries)) {
    try {
      if (await sink.mount(blob, from, { signal })) return from
      await context.onMountRefused(blob, from)
    } catch {
      // Copying the blob works without, and fails with better words.
      signal?.throwIfAborted()
    }
  }
  return undefined
}
