import { fromBytes, type AbortOptions } from '@drayage/bytes'
import { readBlob, type Checker, type Fetcher, type Ingester } from '@drayage/content'
import { decodeManifest, MAX_MANIFEST_BYTES, type DecodedManifest, type Descriptor } from '@drayage/manifest'

import type { OnEvent } from './events.ts'
import { inSink } from './in-sink.ts'
import type { RetryPolicy } from './retry-policy.ts'
import { tryRequest } from './try-request.ts'

/** Options of calls that fetch small content. */
export interface FetchSmallOptions extends AbortOptions {
  readonly retry: RetryPolicy
  readonly onEvent: OnEvent
}

/** What small content is and how much of it is read. */
export interface SmallContentOptions extends FetchSmallOptions {
  /** For messages, such as `manifest`. */
  readonly kind: string
  readonly maxBytes: number
}

/** The verified bytes of small content from `source`, tried again after failures that can pass. */
export async function readSmall(source: Fetcher, what: Descriptor, options: SmallContentOptions): Promise<Uint8Array> {
  const { signal, kind, maxBytes } = options
  return await tryRequest(
    'fetch',
    `${kind} ${what.digest}`,
    () => readBlob(source, what, { maxBytes, signal }),
    options,
  )
}

/**
 * Like {@link readSmall}, but from `store` when good bytes are there, and kept in `store` otherwise. Of several who want
 * the same at the same time one asks the source.
 */
export async function fetchSmall(
  source: Fetcher,
  store: Fetcher & Checker & Ingester,
  what: Descriptor,
  options: SmallContentOptions,
): Promise<Uint8Array> {
  const { signal, kind } = options
  const stored = await readStored(store, what, options)
  if (stored !== undefined) return stored
  const inStore = <T>(step: () => Promise<T>): Promise<T> => inSink('store', `${kind} ${what.digest}`, step, options)
  await using ingest = await inStore(() => store.begin(what.digest, { signal, size: what.size }))
  if (ingest.offset > 0) await inStore(() => ingest.reset({ signal }))
  // Another holder may have brought it while this one waited.
  const brought = await readStored(store, what, options)
  if (brought !== undefined) return brought
  const bytes = await readSmall(source, what, options)
  await inStore(async () => {
    await ingest.append(fromBytes(bytes), { signal })
    await ingest.commit(what, { signal })
  })
  return bytes
}

/** What the store has; `undefined` when it has nothing or cannot give it, so that the source is asked. */
async function readStored(
  store: Fetcher & Checker,
  what: Descriptor,
  { signal, maxBytes }: SmallContentOptions,
): Promise<Uint8Array | undefined> {
  try {
    return (await store.has(what, { signal })) ? await readBlob(store, what, { maxBytes, signal }) : undefined
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

/** The manifest or index that `what` describes, verified, decoded and kept in `store`. */
export async function fetchManifest(
  source: Fetcher,
  store: Fetcher & Checker & Ingester,
  what: Descriptor,
  options: FetchSmallOptions,
): Promise<DecodedManifest> {
  const bytes = await fetchSmall(source, store, what, { ...options, kind: 'manifest', maxBytes: MAX_MANIFEST_BYTES })
  return decodeManifest(bytes, { mediaType: what.mediaType, digest: what.digest })
}
