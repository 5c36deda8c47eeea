import type { Digest } from '@drayage/digest'
import { builtAtMs, type NameRecord, type PlatformImage, type StoredImage } from '@drayage/image-store'
import { createPlatformRank, normalizePlatform, type Platform } from '@drayage/manifest'
import { familiarReference, formatReference, withDigest, withoutTag, type Reference } from '@drayage/reference'

import type { ImageSettings, TransferSettings } from '../runtime.ts'

/** What decides which image of several platforms users are shown, and under which ID. */
export interface ImageView extends ImageSettings, Pick<TransferSettings, 'platform'> {}

/** An image as users are shown it: what is stored under one ID, with all its names. */
export interface ShownImage {
  /** The digest of the config or of the target, as the settings have it. */
  readonly id: Digest
  /** Usually one; several targets can hold the image with one config. The first one has a name, if any has. */
  readonly stored: readonly [StoredImage, ...StoredImage[]]
  /** The image for the platform of the view, else the first one; none where no image is here whole. */
  readonly platform: PlatformImage | undefined
  /** Its names with a tag, in familiar form, sorted by their full form. */
  readonly repoTags: readonly string[]
  /** Its names with a digest, in familiar form, sorted by their full form. */
  readonly repoDigests: readonly string[]
}

/** The images of a list as users are shown them, the latest built first. */
export function showImages(view: ImageView, all: readonly StoredImage[]): ShownImage[] {
  const groups = Map.groupBy(all, (stored) => shownId(view, stored))
  const shown = [...groups.values()].map((group) => showImage(view, group))
  const times = new Map(shown.map((image) => [image, builtAtMs(image.platform?.created)]))
  return shown.sort((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0) || newestFirst(a, b))
}

/** What is stored under one ID. */
export function showImage(view: ImageView, group: readonly StoredImage[]): ShownImage {
  const [first, ...others] = group.toSorted((a, b) => rankOf(a) - rankOf(b) || b.addedAtMs - a.addedAtMs)
  if (first === undefined) throw new RangeError('Cannot show an image: found nothing stored, expected at least one')
  const names = group.flatMap((stored) => stored.names).sort((a, b) => (a.reference < b.reference ? -1 : 1))
  const familiar = (wanted: readonly NameRecord[]): string[] => wanted.map(({ name }) => familiarReference(name))
  return {
    id: shownId(view, first),
    stored: [first, ...others],
    platform: selectedOf(view, first),
    repoTags: familiar(names.filter(({ name }) => name.tag !== undefined)),
    repoDigests: digestNames(view, names).map(familiarReference),
  }
}

/** The names by digest; where targets are what users are shown, those that tags imply too, as Docker Engine 29 has them. */
function digestNames({ imageId }: ImageView, names: readonly NameRecord[]): Reference[] {
  const own = names.filter(({ name }) => name.digest !== undefined).map(({ name }) => name)
  if (imageId === 'config') return own
  const implied = names.map(({ name, target }) => withoutTag(withDigest(name, target.digest)))
  const all = new Map([...own, ...implied].map((name) => [formatReference(name), name]))
  return [...all.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name)
}

/** The ID that something stored is shown with: the target's digest where no image of it is here whole. */
export function shownId(view: ImageView, stored: StoredImage): Digest {
  const selected = view.imageId === 'config' ? selectedOf(view, stored) : undefined
  return selected?.config.digest ?? stored.target.digest
}

/** The image of something stored that runs best on the platform of the view, else the first one. */
export function selectedOf({ platform }: Pick<ImageView, 'platform'>, stored: StoredImage): PlatformImage | undefined {
  const [first, ...others] = stored.platforms
  return others.length === 0 ? first : (bestFor(platform, stored.platforms) ?? first)
}

type ForPlatform = Pick<PlatformImage, 'platform'>

/** The image that runs best on a platform; `undefined` when none does. */
export function bestFor<T extends ForPlatform>(wanted: Platform, images: readonly T[]): T | undefined {
  const rank = createPlatformRank(wanted)
  const ranked = images.flatMap((image) => {
    const found = rank(image.platform)
    return found === undefined ? [] : [{ image, cpu: found[0], build: found[1] }]
  })
  return ranked.sort((a, b) => a.cpu - b.cpu || a.build - b.build)[0]?.image
}

/** The image for exactly this platform, as somebody asked for it; versions of the system count if both have one. */
export function exactFor<T extends ForPlatform>(wanted: Platform, images: readonly T[]): T | undefined {
  const asked = normalizePlatform(wanted)
  return images.find(({ platform }) => {
    const { os, architecture, variant, 'os.version': version } = normalizePlatform(platform)
    const isVersion = version === undefined || [undefined, version].includes(asked['os.version'])
    const isSystem = os === asked.os && isVersion
    return isSystem && architecture === asked.architecture && variant === asked.variant
  })
}

/** Whether nobody asked to keep it: it has neither a tag nor a digest that it was pulled by. */
export function isDangling({ stored }: Pick<ShownImage, 'stored'>): boolean {
  return !stored.some(({ names }) => names.some(keeps))
}

/** Whether a name keeps what it stands for. */
export function keeps({ name, isPinned }: NameRecord): boolean {
  return isPinned || name.tag !== undefined
}

function rankOf({ names }: StoredImage): number {
  if (names.some(({ name }) => name.tag !== undefined)) return 0
  return names.length > 0 ? 1 : 2
}

/** The latest built first, those of unknown age last. */
export function newestFirst(a: ShownImage, b: ShownImage): number {
  const built = builtAtMs(b.platform?.created) - builtAtMs(a.platform?.created)
  return built || b.stored[0].addedAtMs - a.stored[0].addedAtMs || (a.id < b.id ? -1 : 1)
}
