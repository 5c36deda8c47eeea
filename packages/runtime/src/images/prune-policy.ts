import type { Digest } from '@drayage/digest'
import type { NameRecord, StoredImage } from '@drayage/image-store'
import { formatRepository } from '@drayage/reference'

import type { Pieces } from './image-pieces.ts'
import { keeps } from './shown-image.ts'

/** Something stored that a prune may take. */
export interface PruneCandidate {
  readonly stored: StoredImage
  /** All content of it that is here, with its bytes. */
  readonly pieces: Pieces
  /** Whether the filters select it; what they do not stays. */
  readonly isSelected: boolean
  /** Whether it goes whatever the policy says. */
  readonly isUnwanted: boolean
}

/** What a prune takes beside what is unwanted. */
export interface PrunePolicy {
  /** How many tags of each repository stay, those that were given last; all by default. */
  readonly keep?: number | undefined
  /** Bytes that all content may take: the images that were used least recently go until it does; any by default. */
  readonly maxBytes?: number | undefined
}

/** What goes of something stored. */
export interface PlannedRemoval {
  readonly target: Digest
  readonly names: readonly NameRecord[]
  /** Whether all of it goes, and not only some of its names. */
  readonly isWhole: boolean
  /** Bytes of its content that nothing needs which stays, or that was counted before. */
  readonly bytes: number
  /** When it had been used last. */
  readonly usedAtMs: number
}

/**
 * What goes by a policy, in the order in which it was decided; nothing is removed. `contentBytes` is what all content takes
 * that does not go anyway, for `maxBytes`.
 */
export function applyPolicy(
  candidates: readonly PruneCandidate[],
  { keep, maxBytes }: PrunePolicy,
  contentBytes: number,
): PlannedRemoval[] {
  const removals = new Removals(candidates)
  for (const each of candidates) if (each.isSelected && each.isUnwanted) removals.drop(each)
  if (keep !== undefined) keepNewest(candidates, keep, removals)
  if (maxBytes !== undefined) dropUnused(candidates, contentBytes - maxBytes, removals)
  return removals.all()
}

/** Takes the tags of each repository beyond the newest ones, and what has nothing left that keeps it. */
function keepNewest(candidates: readonly PruneCandidate[], keep: number, removals: Removals): void {
  const tags = candidates
    .filter((each) => !removals.isDropped(each))
    .flatMap((candidate) => candidate.stored.names.map((record) => ({ candidate, record })))
    .filter(({ record }) => record.name.tag !== undefined)
  for (const ofOne of Map.groupBy(tags, ({ record }) => formatRepository(record.name)).values()) {
    const newestFirst = ofOne.sort((a, b) => b.record.namedAtMs - a.record.namedAtMs || byReference(a.record, b.record))
    for (const { candidate, record } of newestFirst.slice(keep)) {
      if (candidate.isSelected) removals.untag(candidate, record)
    }
  }
}

/** Takes what was used least recently until all that goes has so many bytes. */
function dropUnused(candidates: readonly PruneCandidate[], wantedBytes: number, removals: Removals): void {
  const staying = candidates.filter((each) => each.isSelected && !removals.isDropped(each))
  for (const each of staying.sort((a, b) => a.stored.usedAtMs - b.stored.usedAtMs)) {
    if (removals.bytes >= wantedBytes) return
    removals.drop(each)
  }
}

/** What goes so far, and what stays. */
class Removals {
  readonly #names = new Map<PruneCandidate, NameRecord[]>()
  readonly #dropped = new Map<PruneCandidate, number>()
  #bytes = 0
  /** How many that stay have a piece. */
  readonly #holders = new Map<string, number>()

  constructor(candidates: readonly PruneCandidate[]) {
    for (const { pieces } of candidates) {
      for (const key of pieces.keys()) this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1)
    }
  }

  isDropped(candidate: PruneCandidate): boolean {
    return this.#dropped.has(candidate)
  }

  /** Bytes that become free. */
  get bytes(): number {
    return this.#bytes
  }

  /** Removes all of it. */
  drop(candidate: PruneCandidate): void {
    let bytes = 0
    for (const [key, size] of candidate.pieces) {
      const left = (this.#holders.get(key) ?? 0) - 1
      this.#holders.set(key, left)
      if (left === 0) bytes += size
    }
    this.#names.set(candidate, [...candidate.stored.names])
    this.#dropped.set(candidate, bytes)
    this.#bytes += bytes
  }

  /** Removes a tag; with the last tag in its repository the digest that came along with it, and with its last name all of it. */
  untag(candidate: PruneCandidate, record: NameRecord): void {
    const going = [...(this.#names.get(candidate) ?? []), record]
    const staying = candidate.stored.names.filter((each) => !going.includes(each))
    if (!staying.some(keeps)) {
      this.drop(candidate)
      return
    }
    const repository = formatRepository(record.name)
    const siblings = staying.filter(({ name }) => formatRepository(name) === repository)
    const alone = siblings.some(({ name }) => name.tag !== undefined) ? [] : siblings.filter((each) => !keeps(each))
    this.#names.set(candidate, [...going, ...alone])
  }

  all(): PlannedRemoval[] {
    return [...this.#names].map(([candidate, names]) => ({
      target: candidate.stored.target.digest,
      names: names.toSorted(byReference),
      isWhole: this.isDropped(candidate),
      bytes: this.#dropped.get(candidate) ?? 0,
      usedAtMs: candidate.stored.usedAtMs,
    }))
  }
}

function byReference(a: NameRecord, b: NameRecord): number {
  return a.reference < b.reference ? -1 : 1
}
