import type { Checker, Fetcher } from '@drayage/content'
import { attestedBy, isIndexType } from '@drayage/manifest'

import type { CopySelection } from '../copy/selection.ts'
import { NotAnImageError } from '../errors.ts'
import { isCompanion } from './companions.ts'
import { listContent, type ListContentOptions } from './list-content.ts'

/**
 * Leaves out of an index what `holder` does not have whole, and attestations of images that do not stay. Images that were
 * chosen stay.
 *
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` when nothing stays but attestations
 */
export async function onlyWhole(
  selection: CopySelection,
  holder: Fetcher & Checker,
  options: ListContentOptions,
): Promise<CopySelection> {
  const { root, leftOut, chosen = [] } = selection
  if (!isIndexType(root.mediaType)) return selection
  const without = new Set(leftOut)
  const kept = new Set<string>(chosen.map(({ digest }) => digest))
  const listed = (await listContent(holder, root, options)).filter(({ manifest }) => !leftOut.has(manifest.digest))
  const companions = listed.filter(({ manifest }) => isCompanion(manifest) && !kept.has(manifest.digest))
  for (const { manifest, isThere } of listed) {
    if (isCompanion(manifest) || kept.has(manifest.digest)) continue
    if (isThere) kept.add(manifest.digest)
    else without.add(manifest.digest)
  }
  if (kept.size === 0) throw new NotAnImageError(options.name, 'an index of which no image is there whole')
  for (const { manifest, isThere } of companions) {
    if (kept.has(manifest.digest)) continue
    const subject = attestedBy(manifest)
    const isWanted = chosen.length > 0 || subject === undefined || kept.has(subject)
    if (!isThere || !isWanted) without.add(manifest.digest)
  }
  return { ...selection, leftOut: without }
}
