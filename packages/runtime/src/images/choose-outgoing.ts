import type { AbortOptions } from '@drayage/bytes'
import type { Checker, Fetcher } from '@drayage/content'
import { PlatformNotFoundError, type IndexParts } from '@drayage/distribution'
import type { StoredImage } from '@drayage/image-store'
import { manifestKind, type Descriptor, type Platform } from '@drayage/manifest'

import type { TransferSettings } from '../runtime.ts'
import { bestFor, exactFor, selectedOf } from './shown-image.ts'
import { imagesHere, readTarget, withAttestations, type TargetEntry } from './target-content.ts'

/** What of a stored image leaves the store. */
export interface Outgoing {
  readonly root: Descriptor
  /** Of an index, what goes along with it: nothing is left out of anything else. */
  readonly parts: IndexParts
}

/** What is wanted of a stored image. */
export interface WantedContent extends AbortOptions {
  /** Which images, each for exactly its platform; all that is here by default. */
  readonly platforms?: readonly Platform[] | undefined
  /** Whether the images go within their index. */
  readonly withIndex: boolean
  /** What users call it. */
  readonly name: string
}

/**
 * Chooses what leaves the store: the index with all that is here of it or with the images for some platforms and their
 * attestations, or one image without the index, by default the one that users are shown. What is no index goes as it is,
 * except that schema 1 goes as what was made of it.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND` for a platform whose image is not here
 */
export async function chooseOutgoing(
  runtime: Pick<TransferSettings, 'platform'>,
  content: Fetcher & Checker,
  stored: StoredImage,
  { platforms = [], withIndex, name, signal }: WantedContent,
): Promise<Outgoing> {
  const { target } = stored
  const selected = selectedOf(runtime, stored)
  const isSchema1 = manifestKind(target.mediaType) === 'schema1'
  const entries =
    isSchema1 && selected !== undefined
      ? [{ ...selected, isHere: true }]
      : await readTarget(content, stored, name, { signal })
  const images = imagesHere(entries)
  const asked = platforms.map((platform) => {
    const image = exactFor(platform, images)
    if (image !== undefined) return image
    throw new PlatformNotFoundError(
      name,
      platform,
      images.map((each) => each.platform),
    )
  })
  const here = entries.filter(({ isHere }) => isHere)
  if (manifestKind(target.mediaType) !== 'index') return whole((isSchema1 ? entries[0]?.manifest : undefined) ?? target)
  if (withIndex)
    return { root: target, parts: partsOf(entries, asked.length > 0 ? withAttestations(entries, asked) : here) }
  const shown = asked[0] ?? selected ?? bestFor(runtime.platform, images) ?? images[0]
  if (shown !== undefined) return whole(shown.manifest)
  if (here.length === 0) throw new PlatformNotFoundError(name, runtime.platform, [])
  // An index of artifacts is read by whoever gets it.
  return { root: target, parts: partsOf(entries, here) }
}

function whole(root: Descriptor): Outgoing {
  return { root, parts: { taken: [], leftOut: [] } }
}

/** What is taken of a target, and what not; each says what it runs on. */
function partsOf(entries: readonly TargetEntry[], taken: readonly TargetEntry[]): IndexParts {
  const isTaken = new Set(taken.map(({ manifest }) => manifest.digest))
  const listed = entries.map(({ manifest, platform }) =>
    platform === undefined ? manifest : { ...manifest, platform },
  )
  return {
    taken: listed.filter(({ digest }) => isTaken.has(digest)),
    leftOut: listed.filter(({ digest }) => !isTaken.has(digest)),
  }
}
