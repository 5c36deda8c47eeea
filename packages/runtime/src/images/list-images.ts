import type { AbortOptions } from '@drayage/bytes'
import { chainIds, type ChainId, type DiffId } from '@drayage/digest'
import type { ListedImage } from '@drayage/image-store'
import { matchReference, parseReference } from '@drayage/reference'

import type { Runtime } from '../create-runtime.ts'
import { configOf } from './config-of.ts'
import { FilterError } from '../errors.ts'
import { hasLabel } from './has-label.ts'
import type { LocalStore } from '../store/local-store.ts'
import { unixSeconds } from './unix-seconds.ts'
import { parseUntil } from './parse-until.ts'
import { uncompressedSize, uncompressedSizes } from './uncompressed-size.ts'

/** An image of a list, with the field names of Docker's Engine API (`GET /images/json`). */
export interface ImageSummary {
  readonly Id: string
  readonly ParentId: string
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
  /** In seconds since 1970; 0 when the image does not say. */
  readonly Created: number
  /** Bytes of the uncompressed layers. */
  readonly Size: number
  /** Bytes of the uncompressed layers that other images have too; -1, unless asked for. */
  readonly SharedSize: number
  readonly Labels: Readonly<Record<string, string>> | null
  /** -1, which stands for a number that was not computed. */
  readonly Containers: number
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
}

/** What a filter leaves of an image: fewer names, or nothing. */
type Filter = (image: ListedImage, labels: Readonly<Record<string, string>>) => ListedImage | undefined

/**
 * The images of the local store, the latest built first.
 *
 * @throws FilterError `ERR_FILTER` for a filter that is none
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` for an image that a filter names
 */
export async function listImages(runtime: Runtime, options: ListImagesOptions = {}): Promise<ImageSummary[]> {
  const store = await runtime.openStore()
  const filters = await Promise.all(groupFilters(options.filters ?? []).map((group) => compileFilter(store, group)))
  const summaries: ImageSummary[] = []
  const all = await store.images.list(options)
  const shared = options.sharedSize === true ? await sharedLayers(store, all, options) : undefined
  for (const listed of all) {
    const config = await configOf(store, listed, options)
    if (config === undefined) continue
    const { value } = config
    const labels = value.config?.Labels ?? {}
    let image: ListedImage | undefined = listed
    for (const filter of filters) image = image === undefined ? undefined : filter(image, labels)
    if (image === undefined) continue
    summaries.push({
      Id: image.id,
      ParentId: '',
      RepoTags: image.repoTags,
      RepoDigests: image.repoDigests,
      Created: unixSeconds(image.created),
      Size: await uncompressedSize(store, value.rootfs?.diff_ids ?? []),
      SharedSize: shared === undefined ? -1 : await sizeOf(store, value.rootfs?.diff_ids ?? [], shared),
      Labels: value.config?.Labels ?? null,
      Containers: -1,
    })
  }
  return summaries
}

/** The layers that several images have. */
async function sharedLayers(
  store: LocalStore,
  images: readonly ListedImage[],
  options: AbortOptions,
): Promise<ReadonlySet<ChainId>> {
  const met = new Set<ChainId>()
  const shared = new Set<ChainId>()
  for (const image of images) {
    const config = await configOf(store, image, options)
    for (const id of chainIds(config?.value.rootfs?.diff_ids ?? [])) (met.has(id) ? shared : met).add(id)
  }
  return shared
}

/** The bytes of those layers of a stack that are among `counted`. */
async function sizeOf(store: LocalStore, diffIds: readonly DiffId[], counted: ReadonlySet<ChainId>): Promise<number> {
  const sizes = await uncompressedSizes(store, diffIds)
  return chainIds(diffIds).reduce((sum, id, at) => sum + (counted.has(id) ? (sizes[at] ?? 0) : 0), 0)
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

async function compileFilter(store: LocalStore, { key, values }: FilterGroup): Promise<Filter> {
  switch (key) {
    case 'reference':
      return (image) => withNames(image, (name) => values.some((pattern) => matches(pattern, name)))
    case 'dangling':
      return danglingFilter(values)
    case 'label':
      return (image, labels) => (values.every((value) => hasLabel(labels, value)) ? image : undefined)
    case 'before':
    case 'since': {
      const others = await Promise.all(values.map((value) => store.images.find(value)))
      const times = others.map((other) => builtAtMs(other))
      const wanted = key === 'before' ? (a: number, b: number) => a < b : (a: number, b: number) => a > b
      return (image) => (times.every((time) => wanted(builtAtMs(image), time)) ? image : undefined)
    }
    case 'until': {
      const times = values.map((value) => parseUntil(value, Date.now()))
      return (image) => (times.every((time) => builtAtMs(image) < time) ? image : undefined)
    }
    default:
      throw new FilterError(key, 'reference, dangling, label, before, since or until')
  }
}

/** Names by digest alone are not dangling, but they are no tags either: both values show such images. */
function danglingFilter(values: readonly string[]): Filter {
  const [value = '', ...others] = new Set(values)
  if (others.length > 0 || !['true', '1', 'false', '0'].includes(value)) {
    throw new FilterError(`dangling=${values.join(',')}`, 'true or false')
  }
  if (value === 'true' || value === '1') return (image) => (image.repoTags.length === 0 ? image : undefined)
  return (image) => (image.repoTags.length + image.repoDigests.length > 0 ? image : undefined)
}

function withNames(image: ListedImage, isWanted: (name: string) => boolean): ListedImage | undefined {
  const repoTags = image.repoTags.filter(isWanted)
  const repoDigests = image.repoDigests.filter(isWanted)
  return repoTags.length + repoDigests.length === 0 ? undefined : { ...image, repoTags, repoDigests }
}

function matches(pattern: string, name: string): boolean {
  return matchReference(pattern, parseReference(name))
}

function builtAtMs({ created }: ListedImage): number {
  return Date.parse(created ?? '') || 0
}
