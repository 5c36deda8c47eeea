import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { isRetryable, problemOf, type Checker, type Fetcher, type Ingest, type Ingester } from '@drayage/content'
import { isDigestError, LongContentError, ShortContentError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { retry as retryWork } from '@drayage/transfer'

import { REPORT_BYTES } from '../defaults.ts'
import { TransferError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import { causeInSink, hasInSink, inSink } from '../retry/attempt.ts'
import { Progress } from '../retry/progress.ts'
import { retryDelayMs, type RetryPolicy } from '../retry/retry-policy.ts'

/** Options of {@link fetchBlob}. */
export interface FetchBlobOptions extends AbortOptions {
  readonly retry: RetryPolicy
  /** How the source is asked again; as `retry` says by default. */
  readonly sourceRetry?: RetryPolicy
  readonly onState: (state: LayerState) => void
  /** Whether the caller has just seen that the sink does not have it; `false` by default. */
  readonly isMissing?: boolean
  /**
   * Whether the sink is asked again once its ingest is open, since another holder may have brought the blob in the
   * meantime; `true` by default.
   */
  readonly asksAgain?: boolean
  /** Called with each ingest before its first byte is fetched, and again after a damaged prefix was dropped. */
  readonly onIngest?: (ingest: Ingest) => void
}

/**
 * Brings a blob into `sink`, from the byte where an earlier try stopped, and verifies it. Failures that can pass, of either
 * side, are tried again as `retry` says; tries that get further do not count. Answers that cannot be right are asked for
 * twice more. Bytes that turn out wrong are dropped and fetched once more. When the sink says that it received other bytes,
 * it gets all of them once more, which verifies the source from its first byte.
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
  const { signal, retry, onState } = options
  const progress = new Progress(what.size)
  const onIngest = (ingest: Ingest): void => {
    progress.offset = ingest.offset
    options.onIngest?.(ingest)
  }
  return await retryWork(() => fetchOnce(source, sink, what, { ...options, onIngest }), {
    attempts: retry.attempts,
    // What the source failed with was tried again where it failed.
    isRetryable: (error) => isRetryable(causeInSink(error)),
    hasProgressed: progress.hasPassed,
    delayMs: (number, error) => retryDelayMs(retry, number, causeInSink(error)),
    onRetry: ({ secondsLeft, retry: number, error }) =>
      onState({ state: 'retrying', secondsLeft, retry: number, error }),
    signal,
  })
}

async function fetchOnce(
  source: Fetcher,
  sink: Ingester & Checker,
  what: Descriptor,
  options: FetchBlobOptions,
): Promise<'fetched' | 'already-present'> {
  const { signal, onState } = options
  const inStore = <T>(step: () => Promise<T>): Promise<T> => inSink('store', `blob ${what.digest}`, step, options)
  const isPresent = (): Promise<boolean> => inStore(() => hasInSink(sink, what, { signal }))
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
    try {
      await fillIngest(source, ingest, what, { ...options, verify: isLast })
    } catch (error) {
      // Wrong bytes are not kept, whoever noticed.
      if (error instanceof TransferError && isMismatch(error.cause) && ingest.offset > 0) await reset()
      throw error
    }
    onState({ state: 'verifying' })
    try {
      return (await ingest.commit(what, { signal })) === 'committed' ? 'fetched' : 'already-present'
    } catch (error) {
      signal?.throwIfAborted()
      const isRefused = problemOf(error) === 'digest-refused'
      if (isLast || !(isDigestError(error) || isRefused)) {
        const [side, step] = isDigestError(error) ? (['source', 'verify'] as const) : (['sink', 'store'] as const)
        throw new TransferError(side, step, `blob ${what.digest}`, error)
      }
    }
    await reset()
  }
}

function isMismatch(error: unknown): boolean {
  return isDigestError(error) && error.code === 'ERR_DIGEST_MISMATCH'
}

interface FillOptions extends FetchBlobOptions {
  /** Whether the source verifies too: when its bytes were wrong before, it may learn so of its own, and say it better. */
  readonly verify: boolean
}

/** Appends what is missing. */
async function fillIngest(source: Fetcher, ingest: Ingest, what: Descriptor, options: FillOptions): Promise<void> {
  const { signal, retry: both, sourceRetry: retry = both, onState, verify } = options
  const isWrong = (error: unknown): boolean => verify && isMismatch(error)
  const progress = new Progress(what.size, ingest.offset)
  onState({ state: 'downloading', current: ingest.offset, total: what.size })
  const append = async (): Promise<void> => {
    if (ingest.offset < what.size) await appendRest(source, ingest, what, options)
  }
  try {
    await retryWork(append, {
      attempts: retry.attempts,
      isRetryable: (error) => !isWrong(error) && progress.judge(error),
      hasProgressed: () => {
        progress.offset = ingest.offset
        return progress.hasPassed()
      },
      delayMs: (number, error) => retryDelayMs(retry, number, error),
      onRetry: ({ secondsLeft, retry: number, error }) =>
        onState({ state: 'retrying', secondsLeft, retry: number, error }),
      signal,
    })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof TransferError) throw error
    throw new TransferError('source', isWrong(error) ? 'verify' : 'fetch', `blob ${what.digest}`, error)
  }
}

/** Appends the bytes from the ingest's offset on; a failure of the source is thrown as it is, one of the sink as its own. */
async function appendRest(source: Fetcher, ingest: Ingest, what: Descriptor, options: FillOptions): Promise<void> {
  const { signal, onState, verify } = options
  const { offset } = ingest
  let failure: { readonly error: unknown } | undefined
  async function* rest(): ByteStream {
    let current = offset
    let reported = offset
    try {
      for await (const chunk of source.fetch(what, { offset, verify, signal })) {
        current += chunk.byteLength
        // The surplus is not passed on.
        if (current > what.size) throw new LongContentError(what.size)
        yield chunk
        if (current - reported < REPORT_BYTES && current < what.size) continue
        reported = current
        onState({ state: 'downloading', current, total: what.size })
      }
      if (current < what.size) throw new ShortContentError(current, what.size)
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  try {
    await ingest.append(rest(), { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (failure !== undefined) throw failure.error
    throw new TransferError('sink', 'store', `blob ${what.digest}`, error)
  }
}
