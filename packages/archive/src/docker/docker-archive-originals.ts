import type { AbortOptions } from '@drayage/bytes'
import { isContentError, walk } from '@drayage/content'
import { type ImageId, isDigestError } from '@drayage/digest'
import { type Descriptor, isManifestError } from '@drayage/manifest'

import { IMAGE_NAME } from '../layout/layout-names.ts'
import type { LayoutSource } from '../layout/layout-source.ts'

/** What the layout in an archive lists, as far as something of it is there. */
export interface OriginalEntry {
  readonly root: Descriptor
  /** The configs of the manifests in it that are there with everything that they refer to. */
  readonly images: ReadonlySet<string>
  /** Whether all is there that it refers to. */
  readonly isWhole: boolean
  /** Whether a manifest in it is not what its digest says. */
  readonly isDamaged: boolean
}

/** The manifests that an archive holds with everything that they refer to. */
export interface OriginalManifests {
  /** In the order of the layout, without those that are about another one; damaged ones too, so that reading them fails. */
  readonly entries: readonly OriginalEntry[]
  /** The manifest of an image. */
  ofImage(image: ImageId): Descriptor | undefined
  /** What the layout gives this full name to, when that is a whole manifest or index with the image in it. */
  named(name: string, image: ImageId): Descriptor | undefined
}

/**
 * Looks for what the layout inside a docker-archive holds. Of an index the images may be missing that `manifest.json` does
 * not list, as those of other platforms usually are.
 */
export async function originalManifests(
  layout: LayoutSource,
  { signal }: AbortOptions = {},
): Promise<OriginalManifests> {
  const manifests = new Map<string, Descriptor>()
  const entries: OriginalEntry[] = []
  const seen = new Map<string, OriginalEntry>()
  const own = await ownEntries(layout, { signal })
  for (const root of await layout.entries({ signal })) {
    // The same content under a second name is read once.
    const known = seen.get(root.digest) ?? (await readEntry(layout, root, manifests, { signal }))
    seen.set(root.digest, known)
    if (known.images.size > 0 || known.isDamaged) entries.push({ ...known, root })
  }
  return {
    entries: entries.filter(({ root }) => own === undefined || own.has(root.digest)),
    ofImage: (image) => manifests.get(image),
    named: (name, image) =>
      entries.findLast(
        ({ root, images, isWhole }) => isWhole && root.annotations?.[IMAGE_NAME] === name && images.has(image),
      )?.root,
  }
}

/** Walks an entry, and collects the manifests in it that are whole by the images that they are of. */
async function readEntry(
  layout: LayoutSource,
  root: Descriptor,
  manifests: Map<string, Descriptor>,
  { signal }: AbortOptions,
): Promise<OriginalEntry> {
  const images = new Set<string>()
  const missing = new Set<string>()
  const skip = async (what: Descriptor): Promise<boolean> => {
    if (await layout.has(what, { signal })) return false
    missing.add(what.digest)
    return true
  }
  try {
    for await (const { descriptor, manifest } of walk(layout, root, { skip, signal })) {
      if (manifest?.kind === 'schema1') return { root, images: new Set(), isDamaged: false, isWhole: false }
      if (manifest?.kind !== 'image') continue
      const { config, layers } = manifest.value
      if ([config, ...layers].some(({ digest }) => missing.has(digest))) continue
      images.add(config.digest)
      if (!manifests.has(config.digest)) manifests.set(config.digest, descriptor)
    }
    return { root, images, isWhole: missing.size === 0, isDamaged: false }
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return { root, images, isWhole: false, isDamaged: isDigestError(error) }
  }
}

/** The digests of the entries that are not about another one; `undefined` where one of them cannot be read. */
async function ownEntries(layout: LayoutSource, options: AbortOptions): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set((await layout.imageEntries(options)).map(({ digest }) => digest))
  } catch (error) {
    if (!isUnreadable(error)) throw error
    return undefined
  }
}

function isUnreadable(error: unknown): boolean {
  return isContentError(error) || isDigestError(error) || isManifestError(error)
}
