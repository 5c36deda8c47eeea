import type { AbortOptions } from '@drayage/bytes'
import { readBlob, writeBlob, type Checker, type Fetcher, type Ingester } from '@drayage/content'
import { decodeManifest, MAX_MANIFEST_BYTES, type DecodedManifest, type Descriptor } from '@drayage/manifest'

import { TransferError } from './errors.ts'
import type { OnEvent } from './events.ts'
import type { RetryPolicy } from './retry-policy.ts'
import { tryRequest } from './try-request.ts'

/** Options of calls that fetch small content. */
export interface FetchSmallOptions extends AbortOptions {
  readonly retry: RetryPolicy
  readonly onEvent: OnEvent
}

/** The verified bytes of small content, from `store` when they are there, else from `source` and then kept in `store`. */
export async function fetchSmall(
  source: Fetcher,
  store: Fetcher & Checker & Ingester,
  what: Descriptor,
  maxBytes: number,
  options: FetchSmallOptions,
): Promise<Uint8Array> {
  const { signal } = options
  if (await store.has(what, { signal })) return readBlob(store, what, { maxBytes, signal })
  const bytes = await tryRequest('fetch', what.digest, () => readBlob(source, what, { maxBytes, signal }), options)
  try {
    await writeBlob(store, what, bytes, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw new TransferError('sink', 'store', what.digest, error)
  }
  return bytes
}

/** The manifest or index that `what` describes, verified, decoded and kept in `store`. */
export async function fetchManifest(
  source: Fetcher,
  store: Fetcher & Checker & Ingester,
  what: Descriptor,
  options: FetchSmallOptions,
): Promise<DecodedManifest> {
  const bytes = await fetchSmall(source, store, what, MAX_MANIFEST_BYTES, options)
  return decodeManifest(bytes, { mediaType: what.mediaType, digest: what.digest })
}
