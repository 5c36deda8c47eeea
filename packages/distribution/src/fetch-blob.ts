import type { AbortOptions } from '@drayage/bytes'
import type { Checker, Fetcher, Ingest, Ingester } from '@drayage/content'
import { isDigestError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { retry as retryWork } from '@drayage/transfer'

import { TransferError } from './errors.ts'
import type { LayerState } from './events.ts'
import { isRetryable, retryDelayMs, type RetryPolicy } from './retry-policy.ts'

/** Bytes of progress after which the count of failed tries starts anew. */
const PROGRESS_BYTES = 1024 * 1024

/** Options of {@link fetchBlob}. */
export interface FetchBlobOptions extends AbortOptions {
  readonly retry: RetryPolicy
  readonly onState: (state: LayerState) => void
  /** Called with each ingest before its first byte is fetched, and again when a damaged prefix was dropped. */
  readonly onIngest?: (ingest: Ingest) => void
}

/**
 * Brings a blob into `sink`, from the byte where an earlier try stopped, and verifies it. Failures that can pass are
 * tried again as `retry` says; bytes that were resumed and turn out wrong are dropped and fetched once more.
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
  if (await sink.has(what, { signal })) return 'already-present'
  await using ingest = await sink.begin(what.digest, { signal })
  // Another holder may have finished it while this one waited.
  if (await sink.has(what, { signal })) return 'already-present'
  if (ingest.offset > what.size) await ingest.reset({ signal })
  for (let resumed = ingest.offset > 0; ; resumed = false) {
    options.onIngest?.(ingest)
    await fillIngest(source, ingest, what, options)
    onState({ state: 'verifying' })
    try {
      await ingest.commit(what, { signal })
      return 'fetched'
    } catch (error) {
      signal?.throwIfAborted()
      if (!isDigestError(error)) throw new TransferError('sink', 'store', `blob ${what.digest}`, error)
      if (!resumed) throw new TransferError('source', 'verify', `blob ${what.digest}`, error)
      await ingest.reset({ signal })
    }
  }
}

async function fillIngest(source: Fetcher, ingest: Ingest, what: Descriptor, options: FetchBlobOptions): Promise<void> {
  const { signal, retry, onState } = options
  let mark = ingest.offset
  onState({ state: 'downloading', current: ingest.offset, total: what.size })
  try {
    await retryWork(() => appendRest(source, ingest, what, options), {
      attempts: retry.attempts,
      isRetryable: (error) => !(error instanceof TransferError) && isRetryable(error),
      hasProgressed: () => {
        const progressed = ingest.offset - mark >= PROGRESS_BYTES
        mark = ingest.offset
        return progressed
      },
      delayMs: (number, error) => retryDelayMs(retry, number, error),
      onRetry: ({ secondsLeft, retry: number, error }) =>
        onState({ state: 'retrying', secondsLeft, retry: number, error }),
      signal,
    })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof TransferError) throw error
    throw new TransferError('source', 'fetch', `blob ${what.digest}`, error)
  }
}

async function appendRest(source: Fetcher, ingest: Ingest, what: Descriptor, options: FetchBlobOptions): Promise<void> {
  const { signal, onState } = options
  if (ingest.offset >= what.size) return
  const bytes = new WatchedSource(source.fetch(what, { offset: ingest.offset, verify: false, signal }))
  try {
    await ingest.append(report(bytes, ingest.offset, what, onState), { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (error === bytes.error) throw error
    throw new TransferError('sink', 'store', `blob ${what.digest}`, error)
  }
}

/** Remembers the error of a source, so that it can be told from one of the sink that reads it. */
class WatchedSource {
  readonly #source: AsyncIterable<Uint8Array>
  error: unknown

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* this.#source
    } catch (error) {
      this.error = error
      throw error
    }
  }
}

async function* report(
  source: AsyncIterable<Uint8Array>,
  offset: number,
  what: Descriptor,
  onState: (state: LayerState) => void,
): AsyncIterable<Uint8Array> {
  let current = offset
  for await (const chunk of source) {
    current += chunk.byteLength
    yield chunk
    onState({ state: 'downloading', current, total: what.size })
  }
}
