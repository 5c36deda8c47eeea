import type { AbortOptions } from '@drayage/bytes'
import type { Checker, Fetcher, Ingest, Ingester } from '@drayage/content'
import { isDigestError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { retry as retryWork } from '@drayage/transfer'

import { PROGRESS_BYTES } from './defaults.ts'
import { TransferError } from './errors.ts'
import type { LayerState } from './events.ts'
import { inSink } from './in-sink.ts'
import { isRetryable, retryDelayMs, type RetryPolicy } from './retry-policy.ts'
import { watchSource } from './watched-source.ts'

/** Options of {@link fetchBlob}. */
export interface FetchBlobOptions extends AbortOptions {
  readonly retry: RetryPolicy
  readonly onState: (state: LayerState) => void
  /** Whether the caller has just seen that the sink does not have it; `false` by default. */
  readonly isMissing?: boolean
  /**
   * Whether the sink is asked again when its ingest is open: another holder may have brought the blob while this one
   * waited; `true` by default.
   */
  readonly asksAgain?: boolean
  /** Called with each ingest before its first byte is fetched, and again when a damaged prefix was dropped. */
  readonly onIngest?: (ingest: Ingest) => void
}

/**
 * Brings a blob into `sink`, from the byte where an earlier try stopped, and verifies it. Failures that can pass are
 * tried again as `retry` says. When bytes that came in more than one part turn out wrong, they are dropped and fetched
 * once more; a digest that is wrong in one piece is final. A sink that finds another digest gets all of it once more, which
 * verifies the source from its first byte.
 *
 * @returns whether bytes had to be fetched
 * @throws TransferError `ERR_TRANSFER`
 */
export async function fetchBlob(
  source: Fetcher,
  sink: Ingester & Checker,
  what: Descriptor,
  options: FetchBlobOptions,
): Promise<'fetched' | 'already-present'> {
  const { signal, onState } = options
  const inStore = <T>(step: () => Promise<T>): Promise<T> => inSink('store', `blob ${what.digest}`, step, options)
  const isPresent = (): Promise<boolean> => inStore(() => sink.has(what, { signal }))
  if (options.isMissing !== true && (await isPresent())) return 'already-present'
  await using ingest = await inStore(() => sink.begin(what.digest, { signal, size: what.size }))
  const reset = (): Promise<void> => inStore(() => ingest.reset({ signal }))
  if (options.asksAgain !== false && (await isPresent())) {
    if (ingest.offset > 0) await reset()
    return 'already-present'
  }
  if (ingest.offset > what.size) await reset()
  for (let isLast = false; ; isLast = true) {
    options.onIngest?.(ingest)
    const isInParts = await fillIngest(source, ingest, what, options)
    onState({ state: 'verifying' })
    try {
      return (await ingest.commit(what, { signal })) === 'committed' ? 'fetched' : 'already-present'
    } catch (error) {
      signal?.throwIfAborted()
      const isRefused = isRefusedDigest(error)
      const isFinal = isLast || !(isInParts || isRefused)
      if (isFinal || !(isDigestError(error) || isRefused)) {
        const [side, step] = isDigestError(error) ? (['source', 'verify'] as const) : (['sink', 'store'] as const)
        throw new TransferError(side, step, `blob ${what.digest}`, error)
      }
    }
    await reset()
  }
}

/** Whether a registry says that it got other bytes than those of the digest. */
function isRefusedDigest(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_REGISTRY_DIGEST_REFUSED'
}

/** Appends what is missing. Resolves to whether bytes were there before one of its requests. */
async function fillIngest(
  source: Fetcher,
  ingest: Ingest,
  what: Descriptor,
  options: FetchBlobOptions,
): Promise<boolean> {
  const { signal, retry, onState } = options
  let mark = ingest.offset
  let isInParts = false
  onState({ state: 'downloading', current: ingest.offset, total: what.size })
  const append = async (): Promise<void> => {
    isInParts ||= ingest.offset > 0
    await appendRest(source, ingest, what, options)
  }
  try {
    await retryWork(append, {
      attempts: retry.attempts,
      isRetryable: (error) => !(error instanceof TransferError) && isRetryable(error),
      hasProgressed: () => {
        if (ingest.offset - mark < PROGRESS_BYTES) return false
        mark = ingest.offset
        return true
      },
      delayMs: (number, error) => retryDelayMs(retry, number, error),
      onRetry: ({ secondsLeft, retry: number, error }) =>
        onState({ state: 'retrying', secondsLeft, retry: number, error }),
      signal,
    })
    return isInParts
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof TransferError) throw error
    throw new TransferError('source', 'fetch', `blob ${what.digest}`, error)
  }
}

async function appendRest(source: Fetcher, ingest: Ingest, what: Descriptor, options: FetchBlobOptions): Promise<void> {
  const { signal, onState } = options
  const { offset } = ingest
  if (offset >= what.size) return
  const onProgress = (current: number): void => onState({ state: 'downloading', current, total: what.size })
  const watched = watchSource(source, what, { offset, onProgress, signal })
  try {
    await ingest.append(watched.bytes, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (watched.failure !== undefined) throw watched.failure.error
    throw new TransferError('sink', 'store', `blob ${what.digest}`, error)
  }
}
