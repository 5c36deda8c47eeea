import { canPutTagged, writeBlob, type Fetcher } from '@drayage/content'
import { MAX_MANIFEST_BYTES, type DecodedManifest, type Descriptor } from '@drayage/manifest'

import { retryingSmall, type CopyContext, type CopySink } from './copy-context.ts'
import { copyLeaf } from './copy-leaf.ts'
import type { CopySelection } from './copy-selection.ts'
import { MAX_HELD_BLOBS, MAX_HELD_MANIFEST_BYTES } from './defaults.ts'
import { NotAnImageError, SparseIndexError, TransferError } from './errors.ts'
import { readSmall } from './fetch-manifest.ts'
import { inSink } from './in-sink.ts'
import { isMissingContent } from './missing-content.ts'
import { isRetryable } from './retry-policy.ts'
import { trySink } from './try-sink.ts'
import { isLeftOut, walkSelection } from './walk-selection.ts'

/**
 * Does work that needs all that is selected in the sink. When the sink then says that a part of it is not there, which it
 * had said or been given before, the parts are looked for once more, the missing ones copied, and the work done again.
 */
export async function restoring(
  selection: CopySelection,
  sink: CopySink,
  context: CopyContext,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (context.isRestoring || !isMissingContent(error)) throw error
    // What a mount gave may be what is missing.
    await copyGraph(selection, sink, { ...context, isRestoring: true, mountFrom: async () => [] })
    await work()
  }
}

/**
 * Copies what is selected and all that it needs: blobs side by side while the graph is still being read, then manifests, leaves
 * first. The first failure stops the rest, and all has stopped when it is thrown.
 */
export async function copyGraph(selection: CopySelection, sink: CopySink, context: CopyContext): Promise<void> {
  const { source, root } = selection
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
      const part = { ...selection, root: manifest.descriptor, referrers: [], tags: [] }
      await restoring(part, sink, shared, () => writeManifest(sink, manifest, { ...shared, selection }))
    }
    held.blobs.length = 0
    held.manifests.length = 0
    held.bytes = 0
  }
  try {
    for await (const { descriptor, manifest } of walkSelection(selection, {
      source: retryingManifests(source, shared),
      signal,
    })) {
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

/** The source as far as manifests are read from it, each whole and tried again after failures that can pass. */
function retryingManifests(source: Fetcher, context: CopyContext): Fetcher {
  return {
    async *fetch(what) {
      yield await readSmall(source, what, { ...context, kind: 'manifest', maxBytes: MAX_MANIFEST_BYTES })
    },
  }
}

/** @throws SparseIndexError `ERR_SPARSE_INDEX` when the sink refuses an index that lists what is left out */
async function writeManifest(
  sink: CopySink,
  manifest: DecodedManifest,
  context: CopyContext & { readonly selection: CopySelection },
): Promise<void> {
  const { signal, selection, rootName } = context
  const { descriptor, bytes } = manifest
  const write = async (): Promise<void> => {
    if (rootName !== undefined && descriptor.digest === selection.root.digest && canPutTagged(sink))
      await sink.putTagged(descriptor, bytes, rootName, { signal })
    else if (!(await sink.has(descriptor, { signal }))) await writeBlob(sink, descriptor, bytes, { signal })
  }
  const what = `manifest ${descriptor.digest}`
  try {
    await trySink(() => inSink('store', what, write, context), retryingSmall(what, context))
  } catch (error) {
    signal?.throwIfAborted()
    const isSparse = manifest.kind === 'index' && manifest.value.manifests.some((child) => isLeftOut(selection, child))
    if (!isSparse || !(error instanceof TransferError) || isRetryable(error.cause)) throw error
    throw new SparseIndexError(descriptor.digest, error.cause)
  }
}
