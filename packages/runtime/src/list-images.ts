import type { AbortOptions } from '@drayage/bytes'
import type { ListedImage } from '@drayage/image-store'
import { matchReference, parseReference } from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import { FilterError } from './errors.ts'
import type { LocalStore } from './local-store.ts'
import { unixSeconds } from './unix-seconds.ts'
import { uncompressedSize } from './uncompressed-size.ts'

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
  /** -1, which stands for a size that was not computed. */
  readonly SharedSize: number
  readonly Labels: Readonly<Record<string, string>> | null
  /** -1, which stands for a number that was not computed. */
  readonly Containers: number
}

/** Options of {@link listImages}. */
export interface ListImagesOptions extends AbortOptions {
  /**
   * `key=value`, with Docker's meaning: any `reference` (a pattern, which also hides the names that do not match), every
   * `label` (`name` or `name=value`), `dangling` (`true` or `false`), and `before` and `since` an image.
   */
  readonly filters?: readonly string[]
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
  for (const listed of await store.images.list(options)) {
    const { value } = await store.images.readConfig(listed, options)
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
      SharedSize: -1,
      Labels: value.config?.Labels ?? null,
      Containers: -1,
    })
  }
  return summaries
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
    default:
      throw new FilterError(key, 'reference, dangling, label, before or since')
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

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=')
  if (equals < 0) return Object.hasOwn(labels, wanted)
  const name = wanted.slice(0, equals)
  return Object.hasOwn(labels, name) && labels[name] === wanted.slice(equals + 1)
}
