import type { NamedContent } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { IndexParts } from '@drayage/distribution'
import type { StoredImage } from '@drayage/image-store'
import { formatPlatform, type Descriptor, type Platform } from '@drayage/manifest'
import { familiarReference, formatReference, tryParseReference, type Reference } from '@drayage/reference'

import { ImageDamagedError } from '../errors.ts'
import { chooseOutgoing } from '../images/choose-outgoing.ts'
import { findStored, meantBy } from '../images/find-stored-image.ts'
import { imagesOf } from '../images/incomplete-index.ts'
import { bestFor, type ImageView } from '../images/shown-image.ts'
import type { Store } from '../store/store.ts'

/** What is saved, with the names that it gets where it is saved. */
export interface SavedImage extends NamedContent {
  /** What users call it. */
  readonly label: string
  /** Of an index, what goes along with it. */
  readonly parts: IndexParts
  /** The one image that readers get that know no index; `undefined` for what is no index. */
  readonly shown: Descriptor | undefined
}

/** Options of {@link selectSavedImages}. */
export interface SelectSavedOptions extends AbortOptions {
  /** Which images of an index, each for exactly its platform; all that are here by default. */
  readonly platforms: readonly Platform[]
  /** Whether images go within their index. */
  readonly withIndex: boolean
}

/**
 * What texts of a user stand for, each once with all its names, in the order of the texts.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND` for a platform that is not here
 * @throws ImageDamagedError `ERR_IMAGE_DAMAGED` where the store has lost what it had of an index
 */
export async function selectSavedImages(
  view: ImageView,
  store: Store,
  texts: readonly string[],
  { signal, ...wanted }: SelectSavedOptions,
): Promise<SavedImage[]> {
  const selected = new Map<string, SavedImage>()
  const add = async (text: string, name?: Reference): Promise<void> => {
    const meant = meantBy(await findStored(view, store, text, { signal }))
    const { root: what, parts } = await chooseOutgoing(view, store.content, meant, { ...wanted, name: text, signal })
    if (wanted.platforms.length === 0) assertNothingLost(text, meant, parts)
    const known = selected.get(what.digest)
    const names = known?.names ?? []
    const isNew = name !== undefined && !names.some((each) => formatReference(each) === formatReference(name))
    const images = imagesOf(parts.taken)
    const shown = bestFor(view.platform, images) ?? images[0]
    selected.set(what.digest, { label: text, what, parts, shown, ...known, names: isNew ? [...names, name] : names })
  }
  for (const text of texts) {
    const names = await namesOf(store, text, { signal })
    for (const name of names) await add(familiarReference(name), name)
    if (names.length === 0) await add(text)
  }
  return [...selected.values()]
}

/** Refuses to leave out what was here: somebody would take for whole what is not. */
function assertNothingLost(text: string, { target, platforms, others }: StoredImage, { leftOut }: IndexParts): void {
  const had = new Set(
    [target, ...[...platforms, ...others].map(({ manifest }) => manifest)].map(({ digest }) => digest),
  )
  const lost = leftOut.find(({ digest }) => had.has(digest))
  if (lost === undefined) return
  const isWhole = lost.digest === target.digest || lost.platform === undefined
  const what = isWhole ? lost.digest : `its image for ${formatPlatform(lost.platform)}`
  throw new ImageDamagedError(text, `${what} is incomplete in the store`)
}

/** The names with a tag that a user's text stands for; none for an ID or a digest. */
async function namesOf(store: Store, text: string, options: AbortOptions): Promise<Reference[]> {
  const parsed = tryParseReference(text)
  if (!parsed.ok || parsed.value.digest !== undefined) return []
  const { domain, path, tag } = parsed.value
  const names = await store.images.listNames(options)
  return names
    .filter(({ name }) => name.tag !== undefined && name.domain === domain && name.path === path)
    .filter(({ name }) => tag === undefined || name.tag === tag)
    .map(({ name }) => name)
}
