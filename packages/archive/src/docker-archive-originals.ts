import type { AbortOptions } from '@drayage/bytes'
import { isContentError, walk } from '@drayage/content'
import { type ImageId, isDigestError } from '@drayage/digest'
import { type Descriptor, isManifestError } from '@drayage/manifest'

import { IMAGE_NAME } from './layout-names.ts'
import type { LayoutSource } from './layout-source.ts'

/** The manifests that an archive holds with everything that they refer to. */
export interface OriginalManifests {
  /** The manifest of an image. */
  ofImage(image: ImageId): Descriptor | undefined
  /** What the layout gives this full name to, when that is a manifest or an index with the image in it. */
  named(name: string, image: ImageId): Descriptor | undefined
}

interface WholeEntry {
  readonly root: Descriptor
  readonly images: ReadonlySet<string>
}

/**
 * Looks for whole graphs in the layout inside a docker-archive. Entries that lack something, as those of other platforms
 * do, are left out: `manifest.json` tells of what is there.
 */
export async function originalManifests(
  layout: LayoutSource,
  { signal }: AbortOptions = {},
): Promise<OriginalManifests> {
  const manifests = new Map<string, Descriptor>()
  const entries: WholeEntry[] = []
  const seen = new Set<string>()
  for (const entry of await layout.entries({ signal })) {
    // The same content under a second name is read once.
    const twin = entries.find(({ root }) => root.digest === entry.digest)
    if (twin !== undefined) entries.push({ root: entry, images: twin.images })
    if (seen.has(entry.digest)) continue
    seen.add(entry.digest)
    const images = new Set<string>()
    try {
      if (await isWhole(layout, entry, manifests, images, { signal })) entries.push({ root: entry, images })
    } catch (error) {
      if (!isContentError(error) && !isDigestError(error) && !isManifestError(error)) throw error
    }
  }
  return {
    ofImage: (image) => manifests.get(image),
    named: (name, image) =>
      entries.findLast(({ root, images }) => root.annotations?.[IMAGE_NAME] === name && images.has(image))?.root,
  }
}

/** Walks an entry, collects the manifests in it that are whole by the images that they are of, and tells whether all are. */
async function isWhole(
  layout: LayoutSource,
  entry: Descriptor,
  manifests: Map<string, Descriptor>,
  images: Set<string>,
  { signal }: AbortOptions,
): Promise<boolean> {
  const missing = new Set<string>()
  const skip = async (what: Descriptor): Promise<boolean> => {
    if (await layout.has(what, { signal })) return false
    missing.add(what.digest)
    return true
  }
  for await (const { descriptor, manifest } of walk(layout, entry, { skip, signal })) {
    if (manifest?.kind === 'schema1') return false
    if (manifest?.kind !== 'image') continue
    const { config, layers } = manifest.value
    if ([config, ...layers].some(({ digest }) => missing.has(digest))) continue
    images.add(config.digest)
    if (!manifests.has(config.digest)) manifests.set(config.digest, descriptor)
  }
  return missing.size === 0
}
