import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { builtAtMs, type StoredImage } from '@drayage/image-store'
import { isIndexType } from '@drayage/manifest'

import { FilterError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { factsOf, type ImageFacts } from './image-facts.ts'
import { hasLabel, parseUntil } from './image-filters.ts'
import { createPiecesReader, type Pieces, type PiecesReader } from './image-pieces.ts'
import type { PruneCandidate } from './prune-policy.ts'
import { isDangling, keeps, showImages, type ImageView, type ShownImage } from './shown-image.ts'

/** An image as users are shown it, and what of it may go. */
export interface ShownCandidate {
  readonly image: ShownImage
  readonly parts: readonly PruneCandidate[]
}

/** Which images may go. */
export interface CandidateOptions extends AbortOptions {
  /** Whether images with a name that keeps them are unwanted too. */
  readonly all: boolean
  readonly filters: readonly string[]
  readonly nowMs: number
  /** How long ago what goes must have been used last. */
  readonly unusedForMs: number
}

/** All images, the latest built first, with what they take. */
export async function readCandidates(
  view: ImageView,
  store: Store,
  { all, filters, nowMs, unusedForMs, signal }: CandidateOptions,
): Promise<readonly ShownCandidate[]> {
  const isWanted = compileFilters(filters, nowMs)
  const shown = showImages(view, await store.images.list({ signal }))
  const facts = filters.length === 0 ? undefined : await factsOf(store, shown, { signal })
  const piecesOf = createPiecesReader(store, 'content', { signal })
  const found: ShownCandidate[] = []
  for (const image of shown) {
    const known = facts?.get(image)
    const isAmong = facts === undefined || (known !== undefined && isWanted(known))
    const isUnwanted = all || isDangling(image)
    const parts: PruneCandidate[] = []
    for (const stored of image.stored) {
      parts.push({
        stored,
        pieces: await allPieces(piecesOf, image, stored),
        isSelected: isAmong && (unusedForMs === 0 || stored.usedAtMs <= nowMs - unusedForMs),
        isUnwanted: isUnwanted || !stored.names.some(keeps),
      })
    }
    found.push({ image, parts })
  }
  return found
}

/** All content of something stored, with the indexes, which sizes of images do not count. */
async function allPieces(piecesOf: PiecesReader, image: ShownImage, stored: StoredImage): Promise<Pieces> {
  const pieces = await piecesOf(image.stored.length === 1 ? image : { ...image, stored: [stored] })
  const indexes = [stored.target, ...stored.others.map(({ manifest }) => manifest)].filter(({ mediaType }) =>
    isIndexType(mediaType),
  )
  return new Map([...pieces, ...indexes.map(({ digest, size }): [Digest, number] => [digest, size])])
}

/**
 * Checks the filters of a prune that is to come.
 *
 * @throws FilterError `ERR_FILTER`
 */
export function checkPruneFilters(filters: readonly string[]): void {
  compileFilters(filters, Date.now())
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
