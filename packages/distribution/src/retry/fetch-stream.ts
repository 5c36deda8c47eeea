import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { verify } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { countDown } from '@drayage/transfer'

import { TransferError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import { Progress } from './progress.ts'
import { retryDelayMs, type RetryPolicy } from './retry-policy.ts'

/** Options of {@link fetchStream}. */
export interface FetchStreamOptions extends AbortOptions {
  readonly retry: RetryPolicy
  readonly onState: (state: LayerState) => void
}

/**
 * The bytes of a blob as one verified stream: a source that breaks off is asked again from the byte where it stopped.
 *
 * @throws TransferError `ERR_TRANSFER`
 */
export async function* fetchStream(source: Fetcher, what: Descriptor, options: FetchStreamOptions): ByteStream {
  try {
    yield* verify(fetchParts(source, what, options), what)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof TransferError) throw error
    throw new TransferError('source', 'verify', `blob ${what.digest}`, error)
  }
}

async function* fetchParts(source: Fetcher, what: Descriptor, options: FetchStreamOptions): ByteStream {
  const { signal, retry, onState } = options
  const progress = new Progress(what.size)
  for (let failures = 0; ;) {
    try {
      for await (const chunk of source.fetch(what, { offset: progress.offset, verify: false, signal })) {
        progress.offset += chunk.byteLength
        onState({ state: 'downloading', current: progress.offset, total: what.size })
        yield chunk
      }
      return
    } catch (error) {
      signal?.throwIfAborted()
      failures = progress.hasPassed() ? 1 : failures + 1
      if (failures >= retry.attempts || !progress.judge(error)) {
        throw new TransferError('source', 'fetch', `blob ${what.digest}`, error)
      }
      const number = failures
      await countDown(retryDelayMs(retry, number, error), {
        signal,
        onTick: (secondsLeft) => onState({ state: 'retrying', secondsLeft, retry: number, error }),
      })
    }
  }
}
