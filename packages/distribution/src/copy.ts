import type { AbortOptions } from '@drayage/bytes'
import { canMount, walk, writeBlob, type Checker, type Fetcher, type Ingester } from '@drayage/content'
import { MAX_MANIFEST_BYTES, type DecodedManifest, type Descriptor, type Platform } from '@drayage/manifest'
import { formatReference, type Reference, type Repository } from '@drayage/reference'
import { createTransferManager, type TransferManager } from '@drayage/transfer'

import { DEFAULT_CONCURRENT_DOWNLOADS, MAX_HELD_BLOBS, MAX_HELD_MANIFEST_BYTES, MAX_MOUNT_TRIES } from './defaults.ts'
import { NotAnImageError } from './errors.ts'
import type { LayerState, OnEvent } from './events.ts'
import { fetchBlob } from './fetch-blob.ts'
import { readSmall } from './fetch-manifest.ts'
import { inSink } from './in-sink.ts'
import { isMissingContent } from './missing-content.ts'
import type { GraphSink, GraphSource } from './ports.ts'
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry-policy.ts'
import { runShared } from './run-shared.ts'
import { pickImage } from './select-image.ts'
import { tryRequest } from './try-request.ts'
import { trySink, type TrySinkOptions } from './try-sink.ts'

/** Options of {@link copy}. */
export interface CopyOptions extends AbortOptions {
  /** Copies the one image of an index that matches; the whole index by default. */
  readonly platform?: Platform
  /**
   * Names repositories of the sink's registry that may hold a blob, the likeliest first. A sink that can mount takes it
   * from there; at most {@link MAX_MOUNT_TRIES} are tried, and none by default.
   */
  readonly mountFrom?: (blob: Descriptor) => Promise<readonly Repository[]>
  /** Receives progress. */
  readonly onEvent?: OnEvent
  /** By default a manager of this copy alone with three blobs at a time. */
  readonly transfers?: TransferManager<LayerState>
  /** Five tries, 5 s more between each two by default. */
  readonly retry?: RetryPolicy
}

interface CopySink extends Ingester, Checker {}

const sinkNumbers = new WeakMap<CopySink, number>()
let sinkCount = 0

/** Tells sinks apart in keys of transfers: what one copy brings into its sink is not there in another. */
function sinkNumber(sink: CopySink): number {
  const number = sinkNumbers.get(sink) ?? ++sinkCount
  sinkNumbers.set(sink, number)
  return number
}

interface CopyContext extends AbortOptions {
  readonly onEvent: OnEvent
  readonly transfers: TransferManager<LayerState>
  readonly retry: RetryPolicy
  readonly mountFrom: NonNullable<CopyOptions['mountFrom']>
  /** Whether content is copied once more because the sink missed it. */
  readonly isRestoring: boolean
}

/**
 * Copies what `from` stands for, and all that it needs, and names it `to` in the sink. Every manifest, config and layer
 * keeps its bytes, so no digest changes; a manifest is written after all that it refers to. What refers to the content,
 * such as signatures, is not copied.
 *
 * @returns what `to` stands for afterwards
 * @throws TransferError `ERR_TRANSFER`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for a schema 1 manifest
 * @throws WalkLimitError `ERR_WALK_LIMIT` and the errors of `decodeManifest`
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
    mountFrom: options.mountFrom ?? (async () => []),
    isRestoring: false,
  }
  const { signal } = context
  const { from } = names
  const isDescriptor = 'mediaType' in from
  const name = isDescriptor ? from.digest : formatReference(from)
  const target = isDescriptor
    ? from
    : await tryRequest('resolve', `"${name}"`, () => source.resolve(from, { signal }), context)
  const { platform } = options
  const root = platform === undefined ? target : await pickImage(source, target, { ...context, platform, name })
  await copyGraph(source, sink, root, context)
  const to = `"${formatReference(names.to)}"`
  const tag = (): Promise<void> => inSink('tag', to, () => sink.tag(root, names.to, { signal }), context)
  await restoring(source, sink, root, context, () => trySink(tag, retryingSmall(to, context)))
  return root
}

/**
 * Does work that needs all of `root` in the sink. When the sink then says that a part of it is not there, which it had
 * said or been given before, the parts are looked for once more, the missing ones copied, and the work done again.
 */
async function restoring(
  source: Fetcher,
  sink: CopySink,
  root: Descriptor,
  context: CopyContext,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (context.isRestoring || !isMissingContent(error)) throw error
    // What a mount gave may be what is missing.
    await copyGraph(source, sink, root, { ...context, isRestoring: true, mountFrom: async () => [] })
    await work()
  }
}

/**
 * Copies `root` and all that it needs: blobs side by side while the graph is still being read, then manifests, leaves
 * first. The first failure stops the rest, and all has stopped when it is thrown.
 */
async function copyGraph(source: Fetcher, sink: CopySink, root: Descriptor, context: CopyContext): Promise<void> {
  const failed = new AbortController()
  const signal = context.signal === undefined ? failed.signal : AbortSignal.any([failed.signal, context.signal])
  const shared = { ...context, signal }
  const held = { blobs: new Array<Promise<void>>(), manifests: new Array<DecodedManifest>(), bytes: 0 }
  const leaves: Descriptor[] = []
  /** The largest blob of a manifest first: the smaller ones fill what the others leave. */
  const startLeaves = (): void => {
    for (const blob of leaves.splice(0).toSorted((a, b) => b.size - a.size)) {
      const leaf = copyLeaf(source, sink, blob, shared)
      leaf.catch((error: unknown) => failed.abort(error))
      held.blobs.push(leaf)
    }
  }
  const writeHeld = async (): Promise<void> => {
    startLeaves()
    await Promise.all(held.blobs)
    for (const manifest of held.manifests) {
      await restoring(source, sink, manifest.descriptor, shared, () => writeManifest(sink, manifest, shared))
    }
    held.blobs.length = 0
    held.manifests.length = 0
    held.bytes = 0
  }
  try {
    for await (const { descriptor, manifest } of walk(retryingManifests(source, shared), root, { signal })) {
      if (manifest === undefined) {
        leaves.push(descriptor)
      } else {
        startLeaves()
        // Schema 1 does not tell the sizes of its layers, so a copy of it could not be whole.
        if (manifest.kind === 'schema1') throw new NotAnImageError(root.digest, descriptor.mediaType)
        held.manifests.push(manifest)
        held.bytes += manifest.bytes.byteLength
      }
      if (held.bytes > MAX_HELD_MANIFEST_BYTES || held.blobs.length + leaves.length >= MAX_HELD_BLOBS) await writeHeld()
    }
    await writeHeld()
  } catch (error) {
    failed.abort(error)
    await Promise.allSettled(held.blobs)
    throw error
  }
}

/** Tells of failed tries to store something small. */
function retryingSmall(what: string, { retry, signal, onEvent }: CopyContext): TrySinkOptions {
  return {
    retry,
    signal,
    onRetry: ({ secondsLeft, error }) => onEvent({ type: 'retrying', what, secondsLeft, error }),
  }
}

/** The source as far as manifests are read from it, each whole and tried again after failures that can pass. */
function retryingManifests(source: Fetcher, context: CopyContext): Fetcher {
  return {
    async *fetch(what) {
      yield await readSmall(source, what, { ...context, kind: 'manifest', maxBytes: MAX_MANIFEST_BYTES })
    },
  }
}

async function writeManifest(
  sink: CopySink,
  { descriptor, bytes }: DecodedManifest,
  context: CopyContext,
): Promise<void> {
  const { signal } = context
  const write = async (): Promise<void> => {
    if (!(await sink.has(descriptor, { signal }))) await writeBlob(sink, descriptor, bytes, { signal })
  }
  const what = `manifest ${descriptor.digest}`
  await trySink(() => inSink('store', what, write, context), retryingSmall(what, context))
}

/** Copies one blob; the same blob in several manifests is copied once. */
async function copyLeaf(source: Fetcher, sink: CopySink, blob: Descriptor, context: CopyContext): Promise<void> {
  const { signal, retry } = context
  const tell = (layer: LayerState): void => context.onEvent({ type: 'layer', digest: blob.digest, layer })
  const what = `blob ${blob.digest}`
  const look = (): Promise<boolean> => inSink('store', what, () => sink.has(blob, { signal }), context)
  if (await trySink(look, retryingSmall(what, context)))
    return context.isRestoring ? undefined : tell({ state: 'exists' })
  tell({ state: 'queued' })
  const from = await mountLeaf(sink, blob, context)
  if (from !== undefined) return tell({ state: 'mounted', from: from.path })
  await runShared(
    context.transfers,
    `copy ${sinkNumber(sink)} ${blob.digest}`,
    ({ signal: shared, report }) =>
      trySink(() => fetchBlob(source, sink, blob, { signal: shared, retry, onState: report, isMissing: true }), {
        retry,
        signal: shared,
        onRetry: (event) => report({ state: 'retrying', ...event }),
      }),
    { signal, onProgress: tell, onState: (state) => state === 'waiting' && tell({ state: 'waiting' }) },
  )
  tell({ state: 'complete' })
}

/** The repository that the blob was taken from; nothing when it has to be copied. */
async function mountLeaf(sink: CopySink, blob: Descriptor, context: CopyContext): Promise<Repository | undefined> {
  const { signal } = context
  if (!canMount(sink)) return undefined
  for (const from of (await context.mountFrom(blob)).slice(0, MAX_MOUNT_TRIES)) {
    try {
      if (await sink.mount(blob, from, { signal })) return from
    } catch {
      // Copying the blob works without, and fails with better words.
      signal?.throwIfAborted()
    }
  }
  return undefined
}
