import type { Descriptor } from '@drayage/manifest'
import { familiarReference, formatReference, type Reference, withDefaultTag } from '@drayage/reference'

import { nameOf } from './layout-index.ts'

/** Where Docker Engine and containerd write the full name of an entry. */
export const IMAGE_NAME = 'io.containerd.image.name'

/** Whether an entry has this name, in any tool's annotation. */
export function hasName(entry: Descriptor, name: string): boolean {
  return nameOf(entry) === name || entry.annotations?.[IMAGE_NAME] === name
}

/**
 * What the entry for `reference` may be called, the most telling names first: tools write the full name, the familiar
 * one, or the tag alone. A tag alone says nothing about the repository, and an entry that does say it is another's.
 */
export function entriesFor(entries: readonly Descriptor[], reference: Reference): readonly Descriptor[] {
  const tagged = withDefaultTag(reference)
  const full = formatReference(tagged)
  const familiar = familiarReference(tagged)
  const named = entries.filter((entry) => hasName(entry, full) || hasName(entry, familiar))
  if (named.length > 0) return named
  return entries.filter((entry) => nameOf(entry) === tagged.tag && (entry.annotations?.[IMAGE_NAME] ?? full) === full)
}
