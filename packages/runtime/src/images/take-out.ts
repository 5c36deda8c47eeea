import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'
import type { Removed, StoredImage, SweepContentOptions } from '@drayage/image-store'
import type { Released } from '@drayage/layer-store'
import { attestedBy, children, manifestKind } from '@drayage/manifest'

import { readStoredManifest } from '../store/read-stored-manifest.ts'
import type { Store } from '../store/store.ts'
import { sweepWhenDue } from './sweep-store.ts'

/** Removes content that has lost its last use. */
export async function sweepRemoved(
  store: Store,
  content: readonly Digest[],
  { onEvent = (): void => {} }: { readonly onEvent?: OnEvent },
): Promise<void> {
  await sweepContent(store, content)
  await sweepWhenDue(store, onEvent)
}

/** Removes those of some content that nothing needs; resolves to their bytes. */
export async function sweepContent(
  { content, leases }: Pick<Store, 'content' | 'leases'>,
  candidates: Iterable<Digest>,
  options: SweepContentOptions = {},
): Promise<number> {
  let bytes = 0
  const take = (digest: Digest): void => void (bytes += content.take(digest) ?? 0)
  await leases.sweep([...new Set(candidates)], take, options)
  await content.freeTaken(options)
  return bytes
}

/** What images gave back when they were removed. */
export interface ReleasedLayers {
  readonly chainIds: readonly string[]
  readonly blobs: readonly Digest[]
}

/** Releases the layers of images that were removed; the caller holds the lock of images. */
export async function releaseLayers(
  { layers }: Pick<Store, 'layers'>,
  { ids }: Pick<Removed, 'ids'>,
): Promise<ReleasedLayers> {
  return joinReleased(await layers.releaseAll(ids))
}

/** What several holders of layers gave back, as one. */
export function joinReleased(released: Iterable<Released>): ReleasedLayers {
  const all = [...released]
  return {
    chainIds: all.flatMap((each) => each.layers.map(({ chainId }) => chainId)),
    blobs: all.flatMap((each) => each.blobs.map(({ digest }) => digest)),
  }
}

/** Takes images and their attestations out of something stored; returns what may have lost its last use. */
export async function takeOut(
  store: Store,
  stored: StoredImage,
  manifests: readonly Digest[],
  options: AbortOptions,
): Promise<readonly Digest[]> {
  const attestations = await attestationsOf(store, stored, new Set(manifests))
  const removed = await store.images.removeContent(stored.target.digest, [...manifests, ...attestations], options)
  return [...removed.content, ...(await releaseLayers(store, removed)).blobs]
}

/** The attestations of an index, or of one within it, that are about some of its images. */
async function attestationsOf(
  { content }: Pick<Store, 'content'>,
  { target, others }: StoredImage,
  images: ReadonlySet<string>,
): Promise<Digest[]> {
  const indexes = [target, ...others.map(({ manifest }) => manifest)].filter(
    ({ mediaType }) => manifestKind(mediaType) === 'index',
  )
  const found: Digest[] = []
  for (const index of indexes) {
    // What is damaged can be removed too.
    const manifest = await readStoredManifest(content, index)
    const listed = manifest === undefined ? [] : children(manifest)
    found.push(...listed.filter((each) => images.has(attestedBy(each) ?? '')).map(({ digest }) => digest))
  }
  return found
}
