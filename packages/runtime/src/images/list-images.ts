import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { builtAtMs, isImageStoreError } from '@drayage/image-store'
import { type Descriptor, formatPlatform } from '@drayage/manifest'
import { matchReference, parseReference, tryParseReference } from '@drayage/reference'

import { damagedAmong } from '../check/damaged-among.ts'
import type { StoreAccess } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import { FilterError } from '../errors.ts'
import { findStored } from './find-stored-image.ts'
import { factsOf, trustedConfigs, unixSeconds, type ImageFacts } from './image-facts.ts'
import { hasLabel, parseUntil } from './image-filters.ts'
import { bytesOfPieces, createPiecesReader, sharedPieces } from './image-pieces.ts'
import { isDangling, newestFirst, showImages, type ImageView, type ShownImage } from './shown-image.ts'

/** An image of a list, with the field names of Docker's Engine API (`GET /images/json`). */
export interface ImageSummary {
  readonly Id: string
  readonly ParentId: string
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
  /** In seconds since 1970; -62135596800, the start of the year 1, when the image does not say, as Docker has it. */
  readonly Created: number
  /** Bytes of the uncompressed layers of one platform, or of all content that is stored. */
  readonly Size: number
  /** Bytes of these that other images have too; -1, unless asked for. */
  readonly SharedSize: number
  readonly Labels: Readonly<Record<string, string>> | null
  /** -1, which stands for a number that was not computed. */
  readonly Containers: number
  /** What its names stand for: an index, a manifest or an artifact. */
  readonly Descriptor: { readonly mediaType: string; readonly digest: Digest; readonly size: number }
  /** What is stored under the ID, the descriptor first; not a field of Docker. */
  readonly Targets: readonly Descriptor[]
  /** The platforms of its images that are here whole, such as `linux/arm64`; not a field of Docker. */
  readonly Platforms: readonly string[]
  /**
   * What is wrong with what is stored of it, such as `config missing`; absent where nothing is known to be, and not a field
   * of Docker.
   */
  readonly Fault?: string
}

/** Options of {@link listImages}. */
export interface ListImagesOptions extends AbortOptions {
  /**
   * `key=value`, with Docker's meaning: any `reference` (a pattern, which also hides the names that do not match), every
   * `label` (`name` or `name=value`), `dangling` (`true` or `false`), `before` and `since` an image, and `until` a time,
   * as for `pruneImages`.
   */
  readonly filters?: readonly string[]
  /** Whether `SharedSize` is computed; `false` by default. */
  readonly sharedSize?: boolean
  /**
   * What sizes count: the uncompressed `layers` of the platform that is shown, as Docker Engine up to 28, or all `content`
   * that is here of any platform, as it is stored. By default `content` where IDs are those of targets.
   */
  readonly sizeOf?: 'layers' | 'content'
}

/** What a filter leaves of an image: fewer names, or nothing. */
type Filter = (image: ShownImage, facts: ImageFacts) => ShownImage | undefined

/**
 * The images of the local store, the latest built first; artifacts too.
 *
 * @throws FilterError `ERR_FILTER` for an invalid filter
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` for an image that a filter names
 */
export async function listImages(
  runtime: StoreAccess & ImageView,
  options: ListImagesOptions = {},
): Promise<ImageSummary[]> {
  const store = await runtime.openStore()
  const groups = groupFilters(options.filters ?? [])
  const filters = await Promise.all(groups.map((group) => compileFilter(runtime, store, group)))
  const named = await namedByReference(runtime, store, groups, options)
  const all = named ?? showImages(runtime, await store.images.list(options))
  const { sizeOf = runtime.imageId === 'target' ? 'content' : 'layers', sharedSize = false } = options
  const piecesOf = createPiecesReader(store, sizeOf, options)
  const everything = sharedSize && named !== undefined ? showImages(runtime, await store.images.list(options)) : all
  const shared = sharedSize ? await sharedPieces(everything, piecesOf) : undefined
  const trusted = await trustedConfigs(store, all, options)
  const factsByImage = await factsOf(store, all, { ...options, trusted })
  const shown = new Map<ShownImage, ImageSummary>()
  for (const listed of all) {
    const facts = factsByImage.get(listed)
    if (facts === undefined) continue
    let image: ShownImage | undefined = listed
    for (const filter of filters) image = image === undefined ? undefined : filter(image, facts)
    if (image === undefined) continue
    const isSum = sizeOf === 'layers' && shared === undefined
    const pieces = isSum && facts.unpackedSize !== undefined ? undefined : await piecesOf(listed)
    const { mediaType, digest, size } = image.stored[0].target
    shown.set(listed, {
      Id: image.id,
      ParentId: '',
      RepoTags: image.repoTags,
      RepoDigests: image.repoDigests,
      Created: unixSeconds(facts.created),
      Size: pieces === undefined ? (facts.unpackedSize ?? 0) : bytesOfPieces(pieces),
      SharedSize: shared === undefined || pieces === undefined ? -1 : bytesOfPieces(pieces, shared),
      Labels: facts.labels,
      Containers: -1,
      Descriptor: { mediaType, digest, size },
      Targets: image.stored.map(({ target }) => target),
      Platforms: platformsOf(image),
      ...(facts.fault !== undefined && { Fault: facts.fault }),
    })
  }
  const damaged = await damagedAmong(store, [...shown.keys()], trusted, options)
  return [...shown].map(([image, summary]) => {
    const fault = damaged.get(image)
    return fault === undefined ? summary : { ...summary, Fault: fault }
  })
}

/** The platforms of an image, each once. */
function platformsOf({ stored }: ShownImage): readonly string[] {
  const images = stored.flatMap(({ platforms }) => platforms)
  return [...new Set(images.map(({ platform }) => formatPlatform(platform)))]
}

interface FilterGroup {
  readonly key: string
  readonly values: readonly string[]
}

function groupFilters(filters: readonly string[]): FilterGroup[] {
  const groups = new Map<string, string[]>()
  for (const filter of filters) {
    const equals = filter.indexOf('=')
    if (equals < 1) throw new FilterError(filter, 'key=value')
    const key = filter.slice(0, equals)
    groups.set(key, [...(groups.get(key) ?? []), filter.slice(equals + 1)])
  }
  return [...groups].map(([key, values]) => ({ key, values }))
}

/** What has no part of a pattern in it. */
const EXACT = /^[^*?[\\]+$/

/**
 * The images that references without a pattern can select, without a look at all others; `undefined` where the filters
 * are not of that kind.
 */
async function namedByReference(
  view: ImageView,
  store: Store,
  groups: readonly FilterGroup[],
  options: AbortOptions,
): Promise<ShownImage[] | undefined> {
  const texts = groups.find(({ key }) => key === 'reference')?.values
  if (texts === undefined || !texts.every((text) => EXACT.test(text))) return undefined
  const found = new Map<Digest, ShownImage>()
  for (const text of texts) {
    const parsed = tryParseReference(text)
    // A repository has as many names as there are; what is no reference matches in other ways.
    if (!parsed.ok || (parsed.value.tag ?? parsed.value.digest) === undefined) return undefined
    const image = await findNamed(view, store, text, options)
    if (image !== undefined) found.set(image.id, image)
  }
  return [...found.values()].sort(newestFirst)
}

async function findNamed(
  view: ImageView,
  store: Store,
  text: string,
  options: AbortOptions,
): Promise<ShownImage | undefined> {
  try {
    return (await findStored(view, store, text, options)).image
  } catch (error) {
    if (isImageStoreError(error) && error.code === 'ERR_IMAGE_NOT_FOUND') return undefined
    throw error
  }
}

async function compileFilter(
  view: ImageView,
  store: Pick<Store, 'images'>,
  { key, values }: FilterGroup,
): Promise<Filter> {
  switch (key) {
    case 'reference':
      return (image) => withNames(image, (name) => values.some((pattern) => matches(pattern, name)))
    case 'dangling':
      return danglingFilter(values)
    case 'label':
      return (image, { labels }) => (values.every((value) => hasLabel(labels ?? {}, value)) ? image : undefined)
    case 'before':
    case 'since': {
      const others = await Promise.all(values.map((value) => findStored(view, store, value)))
      const times = others.map(({ platform }) => builtAtMs(platform?.created))
      const wanted = key === 'before' ? (a: number, b: number) => a < b : (a: number, b: number) => a > b
      return (image, { created }) => (times.every((time) => wanted(builtAtMs(created), time)) ? image : undefined)
    }
    case 'until': {
      const times = values.map((value) => parseUntil(value, Date.now()))
      return (image, { created }) => (times.every((time) => builtAtMs(created) < time) ? image : undefined)
    }
    default:
      throw new FilterError(key, 'reference, dangling, label, before, since or until')
  }
}

function danglingFilter(values: readonly string[]): Filter {
  const [value = '', ...others] = new Set(values)
  if (others.length > 0 || !['true', '1', 'false', '0'].includes(value)) {
    throw new FilterError(`dangling=${values.join(',')}`, 'true or false')
  }
  if (value === 'true' || value === '1') return (image) => (isDangling(image) ? image : undefined)
  return (image) => (isDangling(image) ? undefined : image)
}

function withNames(image: ShownImage, isWanted: (name: string) => boolean): ShownImage | undefined {
  const repoTags = image.repoTags.filter(isWanted)
  const repoDigests = image.repoDigests.filter(isWanted)
  return repoTags.length + repoDigests.length === 0 ? undefined : { ...image, repoTags, repoDigests }
}

function matches(pattern: string, name: string): boolean {
  return matchReference(pattern, parseReference(name))
}
