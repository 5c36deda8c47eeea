import type { AbortOptions } from '@drayage/bytes'
import type { OnEvent } from '@drayage/distribution'
import { isImageStoreError, type ListedImage } from '@drayage/image-store'

import type { Runtime } from '../create-runtime.ts'
import { configOf } from './config-of.ts'
import { FilterError } from '../errors.ts'
import { hasLabel } from './has-label.ts'
import { parseUntil } from './parse-until.ts'
import { removeImage, type RemovedItem } from './remove-image.ts'
import { sweepStore } from './sweep-store.ts'

/** Options of {@link pruneImages}. */
export interface PruneImagesOptions extends AbortOptions {
  /** Whether images with a tag go too; `false` by default. */
  readonly all?: boolean
  /**
   * `key=value`, with Docker's meaning: `label` and `label!` (`name` or `name=value`), each of which must hold, and
   * `until`, before which the image was made: a time by RFC 3339, seconds since 1970, or a duration such as `24h` ago.
   */
  readonly filters?: readonly string[]
  /** Receives warnings. */
  readonly onEvent?: OnEvent
  /** Milliseconds since 1970; the system's clock by default. */
  readonly now?: () => number
}

/** What a prune removed. */
export interface PrunedImages {
  readonly removed: readonly RemovedItem[]
  /** Bytes that the store is smaller by. */
  readonly bytes: number
}

/**
 * Removes images without a tag, or all images that the filters select, and what failed commands left. An image that
 * cannot be removed stays and is no failure.
 *
 * @throws FilterError `ERR_FILTER`
 */
export async function pruneImages(runtime: Runtime, options: PruneImagesOptions = {}): Promise<PrunedImages> {
  const { all = false, filters = [], signal, onEvent, now = Date.now } = options
  const store = await runtime.openStore()
  const isWanted = compileFilters(filters, now())
  const before = await storedBytes(runtime, { signal })
  const removed: RemovedItem[] = []
  for (const image of await store.images.list({ signal })) {
    if (!all && image.repoTags.length > 0) continue
    const config = await configOf(store, image, { signal })
    if (config === undefined || !isWanted(image, config.value.config?.Labels ?? {})) continue
    try {
      removed.push(...(await removeImage(runtime, image.id, { force: true, signal, ...(onEvent && { onEvent }) })))
    } catch (error) {
      signal?.throwIfAborted()
      if (!isImageStoreError(error)) throw error
    }
  }
  await sweepStore(runtime, { signal })
  return { removed, bytes: Math.max(0, before - (await storedBytes(runtime, { signal }))) }
}

/** The bytes of all content of the local store. */
export async function storedBytes(runtime: Runtime, { signal }: AbortOptions = {}): Promise<number> {
  const { content } = await runtime.openStore()
  let bytes = 0
  for await (const { size } of content.list({ signal })) bytes += size
  return bytes
}

type ImageFilter = (image: ListedImage, labels: Readonly<Record<string, string>>) => boolean

function compileFilters(filters: readonly string[], nowMs: number): ImageFilter {
  const compiled = filters.map((filter): ImageFilter => {
    const equals = filter.indexOf('=')
    if (equals < 1) throw new FilterError(filter, 'key=value')
    const value = filter.slice(equals + 1)
    switch (filter.slice(0, equals)) {
      case 'label':
        return (_, labels) => hasLabel(labels, value)
      case 'label!':
        return (_, labels) => !hasLabel(labels, value)
      case 'until': {
        const untilMs = parseUntil(value, nowMs)
        return ({ created }) => (Date.parse(created ?? '') || 0) < untilMs
      }
      default:
        throw new FilterError(filter, 'label, label! or until')
    }
  })
  return (image, labels) => compiled.every((each) => each(image, labels))
}
