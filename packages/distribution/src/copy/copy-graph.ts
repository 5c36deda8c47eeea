import { withTaskGroup } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import type { DecodedManifest, DecodedSchema1, Descriptor } from '@drayage/manifest'

import { MAX_HELD_BLOBS, MAX_HELD_MANIFEST_BYTES } from '../defaults.ts'
import { Schema1RefusedError } from '../errors.ts'
import { readManifestBytes } from '../retry/small-content.ts'
import { describeLayers, readSchema1 } from '../schema1/read-schema1.ts'
import type { CopyContext } from './context.ts'
import { walkSelection } from './walk-selection.ts'
import type { CopySelection } from './selection.ts'

/** How a sink takes the parts of a graph. */
export interface Receiver {
  /** Throws for a manifest that it does not take, before the source is asked about its parts. */
  check?(manifest: DecodedManifest): void
  /**
   * Told of a manifest before any of its parts is brought.
   *
   * @param blobs what it refers to beside other manifests, and no manifest before it
   * @returns what is to be brought of them
   */
  expect(manifest: DecodedManifest, blobs: readonly Descriptor[], context: CopyContext): Promise<readonly Descriptor[]>
  /** Brings a blob. */
  bring(blob: Descriptor, context: CopyContext): Promise<void>
  /** Takes a manifest, after all that it refers to. */
  put(manifest: DecodedManifest, context: CopyContext): Promise<void>
}

/**
 * Brings what is selected and all that it needs: blobs side by side while the graph is still being read, then manifests,
 * leaves first. The first failure stops the rest; it is thrown once all have stopped.
 */
export async function copyGraph(selection: CopySelection, receiver: Receiver, context: CopyContext): Promise<void> {
  await withTaskGroup(context, async (group) => {
    const { signal } = group
    const shared = { ...context, signal }
    const bringing: Promise<void>[] = []
    const manifests: DecodedManifest[] = []
    let blobs: Descriptor[] = []
    let bytesHeld = 0
    const start = (wanted: readonly Descriptor[]): void => {
      // The largest first: it takes longest, and the smaller ones fill what the others leave.
      for (const blob of wanted.toSorted((a, b) => b.size - a.size)) {
        bringing.push(group.start(() => receiver.bring(blob, shared)))
      }
    }
    const putHeld = async (): Promise<void> => {
      await Promise.all(bringing.splice(0))
      for (const manifest of manifests.splice(0)) await receiver.put(manifest, shared)
      bytesHeld = 0
    }
    const source = retryingManifests(selection.source, shared)
    for await (const { descriptor, manifest } of walkSelection(selection, { source, signal })) {
      if (manifest === undefined) {
        blobs.push(descriptor)
      } else {
        receiver.check?.(manifest)
        if (manifest.kind === 'schema1') blobs.push(...(await layersOf(manifest, selection, shared)))
        start(await receiver.expect(manifest, blobs, shared))
        blobs = []
        manifests.push(manifest)
        bytesHeld += manifest.bytes.byteLength
      }
      if (bytesHeld > MAX_HELD_MANIFEST_BYTES || bringing.length + blobs.length >= MAX_HELD_BLOBS) {
        start(blobs.splice(0))
        await putHeld()
      }
    }
    start(blobs)
    await putHeld()
  })
}

/** All layers of schema 1, also those that make no difference: it names them. */
async function layersOf(
  manifest: DecodedSchema1,
  selection: CopySelection,
  context: CopyContext,
): Promise<readonly Descriptor[]> {
  if (context.requireSchema2) throw new Schema1RefusedError(manifest.descriptor.digest)
  readSchema1(manifest)
  const digests = manifest.value.fsLayers.map(({ blobSum }) => blobSum)
  return [...(await describeLayers(selection, manifest, digests, context)).values()]
}

/** The source of manifests: each is read whole, again after failures that can pass. */
function retryingManifests(source: Fetcher, context: CopyContext): Fetcher {
  return {
    async *fetch(what) {
      yield await readManifestBytes(source, what, context)
    },
  }
}
