import { digestHex, type ImageId } from '@drayage/digest'
import { formatRepository } from '@drayage/reference'

import { ImageConflictError, ImageNotFoundError } from './errors.ts'
import { findImage, findName } from './find-image.ts'
import type { NameRecord } from './image-record.ts'
import type { Ledger } from './ledger.ts'

/** What removing an image by a user's text means. */
export interface RemovalPlan {
  /** The names to take away, in the order to report them. */
  readonly untag: readonly NameRecord[]
  /** The image to delete when its names are gone; absent when other names keep it. */
  readonly image?: ImageId | undefined
}

/**
 * Plans a removal by Docker Engine's rules. By name: that name goes, and with the last tag of its repository the digest
 * names of that repository; the image goes when no name is left. By ID: all names and the image go, unless they are in
 * several repositories or more than one tag, which has to be forced.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws ImageConflictError `ERR_IMAGE_CONFLICT`
 */
export function planRemoval(ledger: Pick<Ledger, 'names' | 'images'>, text: string, force: boolean): RemovalPlan {
  const image = findImage(ledger, text)
  if (image !== undefined && isPrefixOf(text, image.id)) return planById(ledger, image.id, force)
  const named = findName(ledger, text)
  if (named === undefined) throw new ImageNotFoundError(text)
  return planByName(ledger, named)
}

function planById({ names }: Pick<Ledger, 'names'>, image: ImageId, force: boolean): RemovalPlan {
  const untag = names.ofImage(image)
  if (!force && !isSingleName(untag))
    throw new ImageConflictError(image, 'image is referenced in multiple repositories')
  return { untag, image }
}

function planByName({ names }: Pick<Ledger, 'names'>, named: NameRecord): RemovalPlan {
  const { image } = named
  const others = (image === undefined ? names.ofTarget(named.target.digest) : names.ofImage(image)).filter(
    (other) => other.reference !== named.reference,
  )
  const siblings = others.filter((other) => formatRepository(other.name) === formatRepository(named.name))
  const lastTag = named.name.tag !== undefined && siblings.every((sibling) => sibling.name.tag === undefined)
  const untag = lastTag ? [named, ...siblings] : [named]
  return untag.length === others.length + 1 && image !== undefined ? { untag, image } : { untag }
}

/** Whether all names are in one repository, with at most one tag. */
function isSingleName(records: readonly NameRecord[]): boolean {
  const repositories = new Set(records.map((record) => formatRepository(record.name)))
  const tags = records.filter((record) => record.name.tag !== undefined)
  return records.length <= 1 || (repositories.size === 1 && tags.length <= 1)
}

function isPrefixOf(text: string, id: ImageId): boolean {
  return text !== '' && (id.startsWith(text) || digestHex(id).startsWith(text))
}
