import { signedBytesOf, type Descriptor } from '@drayage/manifest'

import { ImageNotFoundError, LeaseLostError } from '../errors.ts'
import type { NewContent, NewName } from '../stored-image.ts'
import type { ContentRow, Tables } from '../tables.ts'
import { contentDigest, fullerDescriptor, partsOfContent, withoutFacts } from './content-row.ts'
import type { Apply } from './ledger.ts'
import { assertCanName, storedName, storedNameText } from './name-rules.ts'
import { dropUnneeded } from './removal.ts'

/** What changes are made with. */
export interface Changing {
  readonly tables: Tables
  readonly apply: Apply
  readonly now: () => number
}

/** Adds what is not there yet of a target; see `ImagePutter`. */
export function putContent({ tables, apply, now }: Changing, target: Descriptor, added: NewContent): void {
  const { targets, contents } = tables
  const known = targets.get(target.digest)
  const has = new Map(contents.of(target.digest).map((row) => [contentDigest(row), row.kind]))
  const missing = rowsOf(tables, added).filter((row) => {
    const kind = has.get(contentDigest(row))
    return kind === undefined || (kind === 'other' && row.kind === 'image')
  })
  const isKnown = missing.length === 0 && known?.target === fullerDescriptor(known?.target, target)
  if (!isKnown) apply({ op: 'put', target, contents: missing.map(withoutFacts), atMs: now() })
  for (const { manifest, facts } of added.platforms ?? [])
    if (facts !== undefined) contents.setFacts(manifest.digest, facts)
}

/**
 * Checks that what is added cannot have been swept: that `holder` keeps it, or that something in the store needs it.
 *
 * @throws LeaseLostError `ERR_LEASE_LOST`
 */
export function assertKept(tables: Tables, holder: string, target: Descriptor, added: NewContent): void {
  const { leases, contents } = tables
  const signed = signedBytesOf(target) ?? []
  const all = [target, signed, ...rowsOf(tables, added).flatMap(partsOfContent)].flat()
  for (const { digest } of all) {
    if (!leases.isKeptBy(holder, digest) && !contents.isNeeded(digest)) throw new LeaseLostError(target.digest, digest)
  }
}

/** @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` for content that is said to be present and is not */
function rowsOf({ contents }: Tables, { platforms = [], others = [], present = [] }: NewContent): ContentRow[] {
  const known = present.map(({ digest }) => {
    const row = contents.get(digest)
    if (row === undefined) throw new ImageNotFoundError(digest)
    return row
  })
  return [
    ...platforms.map((image): ContentRow => ({ kind: 'image', image })),
    ...known,
    ...others.map((other): ContentRow => ({ kind: 'other', other })),
  ]
}

/** Gives names; see `NameSetter`. */
export function setNames({ tables, apply, now }: Changing, given: readonly NewName[]): void {
  const { names, targets } = tables
  const left: Descriptor[] = []
  for (const { name, target, ...asked } of given) {
    assertCanName(name, target)
    if (targets.get(target.digest) === undefined) throw new ImageNotFoundError(target.digest)
    const held = names.get(storedNameText(name))
    const isSame = held?.target.digest === target.digest
    const kept = isSame ? fullerDescriptor(held.target, target) : target
    const isPinned = name.digest !== undefined && (asked.isPinned === true || held?.isPinned === true)
    if (isSame && kept === held.target && isPinned === held.isPinned) continue
    apply({ op: 'name', name: storedName(name), target: kept, isPinned, atMs: now() })
    if (held !== undefined && !isSame) left.push(held.target)
  }
  // Another of the names may stand for it now.
  for (const { digest } of left) dropUnneeded(tables, digest, apply)
}
