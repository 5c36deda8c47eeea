import type { AbortOptions } from '@drayage/bytes'
import type { ListedImage } from '@drayage/image-store'
import { matchReference, parseReference } from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'
import type { LocalStore } from './local-store.ts'
import { uncompressedSize } from './uncompressed-size.ts'

/** An image of a list, with the field names of Docker's Engine API (`GET /images/json`). */
export interface ImageSummary {
  readonly Id: string
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
  /** In seconds since 1970; 0 when the image does not say. */
  readonly Created: number
  /** Bytes of the uncompressed layers. */
  readonly Size: number
  readonly Labels: Readonly<Record<string, string>>
}

/** Options of {@link listImages}. */
export interface ListImagesOptions extends AbortOptions {
  /** `key=value` with the keys `reference`, `dangling`, `label`, `before` and `since`; those of one key are alternatives. */
  readonly filters?: readonly string[]
}

type Filter = (image: ListedImage, labels: Readonly<Record<string, string>>) => boolean

/**
 * The images of the local store, the latest built first.
 *
 * @throws TransportError `ERR_USAGE` for a filter that is none
 */
export async function listImages(runtime: Runtime, options: ListImagesOptions = {}): Promise<ImageSummary[]> {
  const store = await runtime.openStore()
  const filters = await Promise.all(groupFilters(options.filters ?? []).map((group) => compileFilters(store, group)))
  const summaries: ImageSummary[] = []
  for (const image of await store.images.list(options)) {
    const { value } = await store.images.readConfig(image, options)
    const labels = value.config?.Labels ?? {}
    if (!filters.every((filter) => filter(image, labels))) continue
    summaries.push({
      Id: image.id,
      RepoTags: image.repoTags,
      RepoDigests: image.repoDigests,
      Created: Math.max(0, Math.floor((Date.parse(image.created ?? '') || 0) / 1000)),
      Size: await uncompressedSize(store, value.rootfs?.diff_ids ?? []),
      Labels: labels,
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
    if (equals < 1) throw new TransportError(`Cannot filter by "${filter}": expected key=value`)
    const key = filter.slice(0, equals)
    groups.set(key, [...(groups.get(key) ?? []), filter.slice(equals + 1)])
  }
  return [...groups].map(([key, values]) => ({ key, values }))
}

async function compileFilters(store: LocalStore, { key, values }: FilterGroup): Promise<Filter> {
  switch (key) {
    case 'reference':
      return (image) => imageNames(image).some((name) => values.some((pattern) => matches(pattern, name)))
    case 'dangling':
      return (image) => values.includes(String(image.repoTags.length === 0))
    case 'label':
      return (_image, labels) => values.some((value) => hasLabel(labels, value))
    case 'before':
    case 'since': {
      const others = await Promise.all(values.map((value) => store.images.find(value)))
      const times = others.map((other) => Date.parse(other.created ?? '') || 0)
      return (image) => {
        const time = Date.parse(image.created ?? '') || 0
        return times.some((other) => (key === 'before' ? time < other : time > other))
      }
    }
    default:
      throw new TransportError(`Cannot filter by "${key}": expected reference, dangling, label, before or since`)
  }
}

function imageNames(image: ListedImage): string[] {
  return [...image.repoTags, ...image.repoDigests]
}

function matches(pattern: string, name: string): boolean {
  return matchReference(pattern, parseReference(name))
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=')
  if (equals < 0) return Object.hasOwn(labels, wanted)
  const name = wanted.slice(0, equals)
  return Object.hasOwn(labels, name) && labels[name] === wanted.slice(equals + 1)
}
