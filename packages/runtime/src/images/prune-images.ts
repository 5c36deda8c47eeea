import type { AbortOptions } from '@drayage/bytes'
import { problemOf } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { OnEvent } from '@drayage/distribution'
import { builtAtMs } from '@drayage/image-store'

import type { StoreAccess } from '../runtime.ts'
import { canCompareMetadata } from '../store/store.ts'
import { factsOf, type ImageFacts } from './image-facts.ts'
import { FilterError } from '../errors.ts'
import { hasLabel, parseUntil } from './image-filters.ts'
import type { RemovedItem } from './remove-image.ts'
import { removeUnwanted, type Unwanted } from './remove-unwanted.ts'
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

/** How many images go in one step: few enough that pulls need not wait long. */
const BATCH = 100

/** What a prune removed. */
export interface PrunedImages {
  readonly removed: readonly RemovedItem[]
  /** Bytes that the store is smaller by. */
  readonly bytes: number
}

/**
 * Removes images that nobody asked to keep by a tag or a digest, or all images that the filters select, and what failed
 * commands left: also what they fetched just now.
 *
 * @throws FilterError `ERR_FILTER`
 */
export async function pruneImages(
  runtime: StoreAccess & ImageView,
  options: PruneImagesOptions = {},
): Promise<PrunedImages> {
  const { all = false, filters = [], signal, now = Date.now } = options
  const store = await runtime.openStore()
  if (canCompareMetadata(store)) await store.compareMetadata()
  const isWanted = compileFilters(filters, now())
  const removed: RemovedItem[] = []
  let bytes = 0
  let batch: Unwanted[] = []
  const removeAll = async (going: readonly Unwanted[]): Promise<void> => {
    try {
      const { items, bytes: freed } = await removeUnwanted(runtime, store, going, { all, signal })
      removed.push(...items)
      bytes += freed
    } catch (error) {
      // A full disk has room for the removal of one, and then for others.
      if (going.length < 2 || problemOf(error) !== 'unwritable') throw error
      for (const each of going) await removeAll([each])
    }
  }
  const remove = async (): Promise<void> => {
    const going = batch
    batch = []
    await removeAll(going)
  }
  const unwanted = showImages(runtime, await store.images.list({ signal })).flatMap((image) => {
    const targets = unwantedTargets(image, all)
    return targets.length === 0 ? [] : [{ image, targets }]
  })
  const shown = unwanted.map(({ image }) => image)
  const facts = filters.length === 0 ? undefined : await factsOf(store, shown, { signal })
  for (const { image, targets } of unwanted) {
    const known = facts?.get(image)
    if (facts !== undefined && (known === undefined || !isWanted(known))) continue
    batch.push({ id: image.id, targets })
    if (batch.length >= BATCH) await remove()
  }
  await remove()
  const swept = await sweepStore(runtime, { olderThanMs: 0, graceMs: 0, signal })
  return { removed, bytes: bytes + swept.bytes }
}

/** What of an image goes: all of it, or the targets that nobody asked to keep where another one has a name. */
function unwantedTargets(image: ShownImage, all: boolean): readonly Digest[] {
  const unwanted = all || isDangling(image) ? image.stored : image.stored.filter(({ names }) => !names.some(keeps))
  return unwanted.map(({ target }) => target.digest)
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
        return ({ labels }) => hasLabel(labels ?? {}, value)
      case 'label!':
        // The labels of a damaged image are not known: it may have this one.
        return ({ labels, fault }) => fault === undefined && !hasLabel(labels ?? {}, value)
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
