import { fromBytes, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { readBlob, type Checker, type Fetcher, type Ingester } from '@drayage/content'
import {
  decodeManifest,
  manifestKind,
  MAX_MANIFEST_BYTES,
  type DecodedManifest,
  type Descriptor,
} from '@drayage/manifest'

import { atSource, inSink, type AttemptContext } from './attempt.ts'
import { forSmallContent } from './retry-policy.ts'

/** What small content is and how much of it is read. */
export interface SmallContentOptions extends AttemptContext {
  /** For messages, such as `manifest`. */
  readonly kind: string
  readonly maxBytes: number
}

/** A store that gives back what it took in. */
export type SmallContentStore = Fetcher & Checker & Ingester

/** The verified bytes of small content from `source`, tried again after failures that can pass. */
export async function readSmall(source: Fetcher, what: Descriptor, options: SmallContentOptions): Promise<Uint8Array> {
  const { signal, kind, maxBytes } = options
  const patience = { ...options, retry: forSmallContent(options.retry) }
  return await atSource('fetch', `${kind} ${what.digest}`, () => readBlob(source, what, { maxBytes, signal }), patience)
}

/** The manifest or index that `what` describes, verified and decoded. */
export async function readManifest(
  source: Fetcher,
  what: Descriptor,
  context: AttemptContext,
): Promise<DecodedManifest> {
  const bytes = await readManifestBytes(source, what, context)
  return decodeManifest(bytes, { mediaType: what.mediaType, digest: what.digest })
}

/** The verified bytes of the manifest or index that `what` describes. */
export async function readManifestBytes(
  source: Fetcher,
  what: Descriptor,
  context: AttemptContext,
): Promise<Uint8Array> {
  return await readSmall(source, what, { ...context, kind: 'manifest', maxBytes: MAX_MANIFEST_BYTES })
}

/**
 * Like {@link readSmall}, but from `store` when good bytes are there, and kept in `store` otherwise. When several want the
 * same at the same time, one of them asks the source.
 */
export async function fetchSmall(
  source: Fetcher,
  store: SmallContentStore,
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
  { signal, maxBytes }: AbortOptions & { readonly maxBytes: number },
): Promise<Uint8Array | undefined> {
  try {
    return (await store.has(what, { signal })) ? await readBlob(store, what, { maxBytes, signal }) : undefined
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

/**
 * The source, whose manifests come from `store` when they are there and are kept there otherwise; `keep` is called before
 * one is looked for, so that it stays.
 */
export function throughStore(
  source: Fetcher,
  store: SmallContentStore,
  { keep, ...context }: AttemptContext & { readonly keep: (what: Descriptor) => Promise<void> },
): Fetcher {
  async function* manifest(what: Descriptor, signal: AbortSignal | undefined): ByteStream {
    await inSink('store', `manifest ${what.digest}`, () => keep(what), context)
    const small = { kind: 'manifest', maxBytes: MAX_MANIFEST_BYTES }
    yield await fetchSmall(source, store, what, { ...context, ...small, signal: signal ?? context.signal })
  }
  return {
    fetch(what, options = {}) {
      const isWhole = (options.offset ?? 0) === 0
      // A store has schema 1 without its signatures.
      const kind = manifestKind(what.mediaType)
      const isManifest = kind !== undefined && kind !== 'schema1'
      // What is bulk passes no generator of ours.
      return isManifest && isWhole ? manifest(what, options.signal) : source.fetch(what, options)
    },
  }
}
