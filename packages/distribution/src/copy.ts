import type { AbortOptions } from '@drayage/bytes'
import { readBlob, walk, writeBlob, type Checker, type Fetcher, type Ingester } from '@drayage/content'
import { MAX_MANIFEST_BYTES, type DecodedManifest, type Descriptor, type Platform } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'
import { createTransferManager, type TransferManager } from '@drayage/transfer'

import { DEFAULT_CONCURRENT_DOWNLOADS } from './defaults.ts'
import { TransferError } from './errors.ts'
import type { LayerState, OnEvent } from './events.ts'
import { fetchBlob } from './fetch-blob.ts'
import type { GraphSink, GraphSource } from './ports.ts'
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.ts'
import { pickImage } from './select-image.ts'
import { tryRequest } from './try-request.ts'

/** Options of {@link copy}. */
export interface CopyOptions extends AbortOptions {
  /** Copies the one image of an index that matches; the whole index by default. */
  readonly platform?: Platform
  /** Receives progress. */
  readonly onEvent?: OnEvent
  /** By default a manager of this copy alone with three blobs at a time. */
  readonly transfers?: TransferManager<LayerState>
  /** Five tries, 5 s more between each two by default. */
  readonly retry?: RetryPolicy
}

interface CopyContext extends AbortOptions {
  readonly onEvent: OnEvent
  readonly transfers: TransferManager<LayerState>
  readonly retry: RetryPolicy
}

/**
 * Copies what `from` stands for, and all that it needs, and names it `to` in the sink. Every manifest, config and layer
 * keeps its bytes, so no digest changes; a manifest is written after all that it refers to.
 *
 * @returns what `to` stands for afterwards
 * @throws TransferError `ERR_TRANSFER`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 */
export async function copy(
  source: GraphSource,
  sink: GraphSink,
  names: { readonly from: Reference | Descriptor; readonly to: Reference },
  options: CopyOptions = {},
): Promise<Descriptor> {
  const context: CopyContext = {
    signal: options.signal,
    onEvent: options.onEvent ?? ((): void => {}),
    transfers: options.transfers ?? createTransferManager<LayerState>({ limit: DEFAULT_CONCURRENT_DOWNLOADS }),
    retry: options.retry ?? DEFAULT_RETRY_POLICY,
  }
  const { signal } = context
  const { from } = names
  const isDescriptor = 'mediaType' in from
  const name = isDescriptor ? from.digest : formatReference(from)
  const target = isDescriptor
    ? from
    : await tryRequest('resolve', `"${name}"`, () => source.resolve(from, { signal }), context)
  const { platform } = options
  const root =
    platform === undefined ? target : await pickImage(source, target, { ...context, platform, name })
  await copyGraph(source, sink, root, context)
  try {
    await sink.tag(root, names.to, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw new TransferError('sink', 'tag', `"${formatReference(names.to)}"`, error)
  }
  return root
}

/** Copies `root` and all that it needs: blobs side by side while the graph is still being read, then manifests, leaves first. */
async function copyGraph(
  source: Fetcher,
  sink: Ingester & Checker,
  root: Descriptor,
  context: CopyContext,
): Promise<void> {
  const failed = new AbortController()
  const signal = context.signal === undefined ? failed.signal : AbortSignal.any([failed.signal, context.signal])
  const copying: Promise<void>[] = []
  const manifests: DecodedManifest[] = []
  try {
    for await (const step of walk(retryingManifests(source, { ...context, signal }), root, { signal })) {
      if (step.manifest === undefined) {
        const leaf = copyLeaf(source, sink, step.descriptor, { ...context, signal })
        leaf.catch((error: unknown) => failed.abort(error))
        copying.push(leaf)
      } else {
        manifests.push(step.manifest)
      }
    }
    await Promise.all(copying)
  } catch (error) {
    failed.abort(error)
    await Promise.allSettled(copying)
    throw error
  }
  for (const manifest of manifests) await writeManifest(sink, manifest, context)
}

/** The source as far as manifests are read from it, each whole and tried again after failures that can pass. */
function retryingManifests(source: Fetcher, context: CopyContext): Fetcher {
  return {
    async *fetch(what, { signal } = {}) {
      const request = (): Promise<Uint8Array> => readBlob(source, what, { maxBytes: MAX_MANIFEST_BYTES, signal })
      yield await tryRequest('fetch', what.digest, request, context)
    },
  }
}

async function writeManifest(sink: Ingester, manifest: DecodedManifest, { signal }: AbortOptions): Promise<void> {
  const { descriptor, bytes } = manifest
  try {
    await writeBlob(sink, descriptor, bytes, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw new TransferError('sink', 'store', descriptor.digest, error)
  }
}

/** Copies one blob; the same blob in several manifests is copied once. */
async function copyLeaf(
  source: Fetcher,
  sink: Ingester & Checker,
  blob: Descriptor,
  context: CopyContext,
): Promise<void> {
  const { signal, retry } = context
  const tell = (layer: LayerState): void => context.onEvent({ type: 'layer', digest: blob.digest, layer })
  if (await sink.has(blob, { signal })) return tell({ state: 'exists' })
  tell({ state: 'queued' })
  await context.transfers.run(
    blob.digest,
    ({ signal: shared, report }) => fetchBlob(source, sink, blob, { signal: shared, retry, onState: report }),
    { signal, onProgress: tell, onState: (state) => state === 'waiting' && tell({ state: 'waiting' }) },
  )
  tell({ state: 'complete' })
}
