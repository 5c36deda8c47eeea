import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'
import { builtAtMs, isImageStoreError } from '@drayage/image-store'

import type { StoreAccess } from '../runtime.ts'
import { factsOf, type ImageFacts } from './image-facts.ts'
import { FilterError } from '../errors.ts'
import { hasLabel, parseUntil } from './image-filters.ts'
import { removeImage, type RemovedItem } from './remove-image.ts'
import { isDangling, keeps, showImages, type ImageView, type ShownImage } from './shown-image.ts'
import { sweepStore } from './sweep-store.ts'

/** Options of {@link pruneImages}. */
export interface PruneImagesOptions extends AbortOptions {
  /** Whether images with a tag, or pulled by their digest, go too; `false` by default. */
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
 * Removes images that nobody asked to keep by a tag or a digest, or all images that the filters select, and what failed commands left. An image that
 * cannot be removed stays and is no failure.
 *
 * @throws FilterError `ERR_FILTER`
 */
export async function pruneImages(
  runtime: StoreAccess & ImageView,
  options: PruneImagesOptions = {},
): Promise<PrunedImages> {
  const { all = false, filters = [], signal, onEvent, now = Date.now } = options
  const store = await runtime.openStore()
  const isWanted = compileFilters(filters, now())
  const before = await storedBytes(runtime, { signal })
  const removed: RemovedItem[] = []
  for (const image of showImages(runtime, await store.images.list({ signal }))) {
    const unnamed = all || isDangling(image) ? [image.id] : unnamedTargets(image)
    if (unnamed.length === 0) continue
    const facts = await factsOf(store, image, { signal })
    if (facts === undefined || !isWanted(facts)) continue
    for (const each of unnamed) {
      try {
        removed.push(...(await removeImage(runtime, each, { force: true, signal, ...(onEvent && { onEvent }) })))
      } catch (error) {
        signal?.throwIfAborted()
        if (!isImageStoreError(error)) throw error
      }
    }
  }
  await sweepStore(runtime, { signal })
  return { removed, bytes: Math.max(0, before - (await storedBytes(runtime, { signal }))) }
}

/** What of an image nobody asked to keep, where another target of the same image has a name. */
function unnamedTargets({ stored }: ShownImage): readonly Digest[] {
  return stored.filter(({ names }) => !names.some(keeps)).map(({ target }) => target.digest)
}

/** The bytes of all content of the local store. */
export async function storedBytes(runtime: StoreAccess, { signal }: AbortOptions = {}): Promise<number> {
  const { content } = await runtime.openStore()
  let bytes = 0
  for await (const { size } of content.list({ signal })) bytes += size
  return bytes
}

type ImageFilter = (image: ImageFacts) => boolean

function compileFilters(filters: readonly string[], nowMs: number): ImageFilter {
  const compiled = filters.map((filter): ImageFilter => {
    const equals = filter.indexOf('=')
    if (equals < 1) throw new FilterError(filter, 'key=value')
    const value = filter.slice(equals + 1)
    switch (filter.slice(0, equals)) {
      case 'label':
        return ({ labels }) => hasLabel(labels, value)
      case 'label!':
        // The labels of a damaged image are not known: it may have this one.
        return ({ labels, fault }) => fault === undefined && !hasLabel(labels, value)
      case 'until': {
        const untilMs = parseUntil(value, nowMs)
        return ({ created }) => builtAtMs(created) < untilMs
      }
      default:
        throw new FilterError(filter, 'label, label! or until')
    }
  })
  return (image) => compiled.every((each) => each(image))
}
