import type { NamedContent } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { ListedImage } from '@drayage/image-store'
import type { Descriptor } from '@drayage/manifest'
import { familiarReference, formatReference, tryParseReference, type Reference } from '@drayage/reference'

import type { LocalStore } from '../store/local-store.ts'
import { manifestOfName } from '../images/manifest-of-name.ts'
import { wholeTarget } from '../images/whole-target.ts'

/** An image with the names that it gets where it is saved. */
export interface SavedImage extends NamedContent {
  readonly image: ListedImage
  /** What its names stand for: the index when it is here whole, else the image. */
  readonly what: Descriptor
  /** The image's manifest that they lead to. */
  readonly manifest: Descriptor
}

/** The images that texts of a user stand for, each once with all its names, in the order of the texts. */
export async function selectSavedImages(
  store: LocalStore,
  texts: readonly string[],
  options: AbortOptions,
): Promise<SavedImage[]> {
  const selected = new Map<string, SavedImage>()
  const add = (image: ListedImage, manifest: Descriptor, what: Descriptor, name?: Reference): void => {
    // One image may have names for several indexes.
    const key = `${image.id} ${what.digest}`
    const before = selected.get(key)?.names ?? []
    const isNew = name !== undefined && !before.some((known) => formatReference(known) === formatReference(name))
    selected.set(key, { image, manifest, what, names: isNew ? [...before, name] : before })
  }
  for (const text of texts) {
    const names = await namesOf(store, text, options)
    for (const name of names) {
      const image = await store.images.find(familiarReference(name), options)
      const manifest = await manifestOfName(store, name, image, options)
      add(image, manifest, await wholeTarget(store, name, manifest, options), name)
    }
    if (names.length > 0) continue
    const image = await store.images.find(text, options)
    const manifest = await manifestOfText(store, text, image, options)
    add(image, manifest, manifest)
  }
  return [...selected.values()]
}

/** The manifest that a name by digest leads to; that of the image for an ID. */
async function manifestOfText(
  store: LocalStore,
  text: string,
  image: ListedImage,
  options: AbortOptions,
): Promise<Descriptor> {
  const parsed = tryParseReference(text)
  const isName = parsed.ok && (await store.images.imageOf(parsed.value, options)) === image.id
  return isName ? await manifestOfName(store, parsed.value, image, options) : image.manifest
}

/** The names with a tag that a user's text stands for; none for an ID or a digest. */
async function namesOf(store: LocalStore, text: string, options: AbortOptions): Promise<Reference[]> {
  const parsed = tryParseReference(text)
  if (!parsed.ok || parsed.value.digest !== undefined) return []
  const { domain, path, tag } = parsed.value
  const names = await store.images.listNames(options)
  return names
    .map((record) => record.name)
    .filter((name) => name.tag !== undefined && name.domain === domain && name.path === path)
    .filter((name) => tag === undefined || name.tag === tag)
}
