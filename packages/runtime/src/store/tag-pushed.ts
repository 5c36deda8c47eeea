import type { AbortOptions } from '@drayage/bytes'
import { readBlob, type Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { isDistributionError, type ReceivedContent } from '@drayage/distribution'
import type { OtherContent } from '@drayage/image-store'
import { children, decodeManifest, isManifestError, type Descriptor } from '@drayage/manifest'
import { withDigest, withoutTag, withTag, type Repository } from '@drayage/reference'
import { RequestRefusedError, servedBytes } from '@drayage/registry-server'

import type { TransferSettings } from '../runtime.ts'
import type { Store } from './store.ts'
import { contentOfName } from './content-of-name.ts'
import { heldContent } from './held-content.ts'
import { againIfRemoved, isRemovedMeanwhile } from '../images/again-if-removed.ts'
import { makeImage, type NewlyStored } from '../images/become-image.ts'
import { openPullSink, type PullSink } from '../images/pull-store.ts'

/** What was pushed and gets a tag. */
export interface PushedTag {
  readonly repository: Repository
  readonly tag: string
  readonly digest: Digest
}

/** The digests of what a manifest needs, and of what it is served with. */
export async function partsOf(content: Fetcher, what: Descriptor, options: AbortOptions): Promise<Digest[]> {
  const manifest = decodeManifest(await readBlob(content, what, options), what)
  const served = servedBytes(what)?.digest ?? []
  if (manifest.kind === 'schema1') return manifest.value.fsLayers.map(({ blobSum }) => blobSum).concat(served)
  return children(manifest).map(({ digest }) => digest)
}

/**
 * Names what was pushed, with all that is here of it. Of an index the image for the runtime's platform becomes one of the
 * store, when it is here: it is verified first, down to its DiffIDs. The others become images when they are asked for; all
 * else, such as an artifact, is kept as it is.
 */
export async function tagPushed(
  runtime: Pick<TransferSettings, 'platform'>,
  store: Store,
  { repository, tag, digest }: PushedTag,
  options: AbortOptions = {},
): Promise<void> {
  const target = await store.holdings.find('manifest', repository, digest)
  if (target === undefined) {
    throw new RequestRefusedError({ status: 404, specCode: 'MANIFEST_UNKNOWN', message: 'manifest unknown' })
  }
  const name = withTag(repository, tag)
  const names = [withDigest(withoutTag(name), digest), name] as const
  await againIfRemoved(async () => {
    await using sink = openPullSink(store)
    const keep = (what: readonly Pick<Descriptor, 'digest'>[]): Promise<void> => sink.keep(what, options)
    const others = await heldContent(contentOfName(store, name), target, { ...options, keep })
    const what = { target, names, platform: runtime.platform }
    if (!(await isImage(store, withOthers(sink, others), what, options))) {
      const given = names.map((each) => ({ name: each }))
      await sink.images.putImages({ target, images: [], present: [], others }, given, options)
    }
    await sink.complete()
  }, options)
}

/** A sink that puts other content together with the images. */
function withOthers(sink: PullSink, others: readonly OtherContent[]): PullSink {
  const putImages: PullSink['images']['putImages'] = (received, names, options) =>
    sink.images.putImages({ ...received, others: [...received.others, ...notIn(received, others)] }, names, options)
  return { ...sink, images: { ...sink.images, putImages } }
}

function notIn({ images, present, others }: ReceivedContent, all: readonly OtherContent[]): OtherContent[] {
  const known = new Set<string>([...images, ...others].map(({ manifest }) => manifest.digest))
  for (const { digest } of present) known.add(digest)
  return all.filter(({ manifest }) => !known.has(manifest.digest))
}

/** Brings the image of a target into the store under its names; not when it makes none, whatever the reason. */
async function isImage(store: Store, sink: PullSink, what: NewlyStored, options: AbortOptions): Promise<boolean> {
  try {
    await makeImage(store, sink, what, options)
    return true
  } catch (error) {
    options.signal?.throwIfAborted()
    if (isRemovedMeanwhile(error) || (!isDistributionError(error) && !isManifestError(error))) throw error
    return false
  }
}
