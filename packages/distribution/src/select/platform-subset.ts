import type { Fetcher } from '@drayage/content'
import { digestAlgorithm, digestOf, type Digest } from '@drayage/digest'
import { attestedBy, encodeManifest, type DecodedIndex, type Descriptor, type Platform } from '@drayage/manifest'

import { readIndexTree, type ReadIndexTreeOptions } from './index-tree.ts'
import { pickImage } from './select-image.ts'

/** Some of the images of an index. */
export interface PlatformSubset {
  /** For each of them the image that a pull for it takes; all that is not left out by default. */
  readonly platforms?: readonly Platform[] | undefined
  /**
   * `sparse`: the index keeps its bytes and its digest, and only the chosen images are copied with it; some registries
   * refuse that. `rewrite`: the index is made anew with only the chosen images, and has another digest.
   */
  readonly index: 'sparse' | 'rewrite'
}

/** What a subset of an index consists of. */
export interface ChosenSubset {
  readonly root: Descriptor
  /** Indexes that were made. */
  readonly made: ReadonlyMap<Digest, Uint8Array>
  /** Manifests that are listed and not copied. */
  readonly leftOut: ReadonlySet<Digest>
  /** The images that were chosen by platform, each once, in the order of the platforms. */
  readonly chosen?: readonly Descriptor[]
}

/** Options of {@link chooseSubset}. */
export interface ChooseSubsetOptions extends ReadIndexTreeOptions {
  /** Manifests that are not taken where no platforms are asked for. */
  readonly leftOut: ReadonlySet<string>
}

/**
 * Chooses images of an index, also of indexes within it, and the attestations that belong to them. An image without an
 * index is taken as it is. An index within a sparse one may be missing, when no image of it is chosen.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND` when one of the platforms has no image
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 */
export async function chooseSubset(
  source: Fetcher,
  target: Descriptor,
  { platforms, index: form }: PlatformSubset,
  { leftOut: absent, ...options }: ChooseSubsetOptions,
): Promise<ChosenSubset> {
  const isRead = async ({ digest }: Descriptor): Promise<boolean> => !absent.has(digest)
  const indexes = await readIndexTree(source, target, { ...options, isRead, mayLack: form === 'sparse' })
  const images = new Map<string, Descriptor>()
  for (const platform of platforms ?? []) {
    const image = await pickImage(source, target, { ...options, platform })
    images.set(image.digest, image)
  }
  const isWanted = wantedIn(indexes, (digest, attested = '') =>
    platforms === undefined ? !absent.has(digest) && !absent.has(attested) : images.has(digest) || images.has(attested),
  )
  const chosen = platforms === undefined ? {} : { chosen: [...images.values()] }
  if (form === 'rewrite') return { ...rewritten(target, indexes, isWanted), ...chosen }
  const listed = [...indexes.values()].flatMap(({ value }) => value.manifests)
  const wanted = new Set(listed.filter(isWanted).map(({ digest }) => digest))
  // What one index lists and does not need, another may.
  const leftOut = listed.map(({ digest }) => digest).filter((digest) => !wanted.has(digest))
  return { root: target, made: new Map(), leftOut: new Set(leftOut), ...chosen }
}

/** Whether a manifest is chosen, is an attestation of one that is, or leads to one. Each index is looked through once. */
function wantedIn(
  indexes: ReadonlyMap<Digest, DecodedIndex>,
  isChosen: (digest: Digest, attested: string | undefined) => boolean,
): (what: Descriptor) => boolean {
  const leads = new Map<Digest, boolean>()
  const isWanted = (what: Descriptor): boolean => {
    const index = indexes.get(what.digest)
    const attested = attestedBy(what)
    if (index === undefined || attested !== undefined) return isChosen(what.digest, attested)
    const found = leads.get(what.digest) ?? index.value.manifests.some(isWanted)
    leads.set(what.digest, found)
    return found
  }
  return isWanted
}

/** The index with only what is wanted, and so each index within it; one that loses nothing keeps its bytes. */
function rewritten(
  target: Descriptor,
  indexes: ReadonlyMap<Digest, DecodedIndex>,
  isWanted: (what: Descriptor) => boolean,
): Omit<ChosenSubset, 'chosen'> {
  const made = new Map<Digest, Uint8Array>()
  const renewed = new Map<Digest, Pick<Descriptor, 'digest' | 'size'>>()
  const renew = ({ digest, size }: Descriptor): Pick<Descriptor, 'digest' | 'size'> => {
    const known = renewed.get(digest)
    if (known !== undefined) return known
    const index = indexes.get(digest)
    if (index === undefined) return { digest, size }
    const before = index.value.manifests
    const manifests = before.filter(isWanted).map(rewrite)
    const isSame = manifests.length === before.length && manifests.every((each, at) => each === before[at])
    const bytes = isSame ? index.bytes : encodeManifest({ ...index.value, manifests })
    const identity = { digest: isSame ? digest : digestOf(bytes, digestAlgorithm(digest)), size: bytes.byteLength }
    if (!isSame) made.set(identity.digest, bytes)
    renewed.set(digest, identity)
    return identity
  }
  const rewrite = (what: Descriptor): Descriptor => {
    const identity = renew(what)
    if (identity.digest === what.digest) return what
    // What the descriptor says of the old bytes, or of where they are, is not true of the new ones.
    const { data: _, urls: __, ...kept } = what
    return { ...kept, ...identity }
  }
  return { root: rewrite(target), made, leftOut: new Set() }
}
