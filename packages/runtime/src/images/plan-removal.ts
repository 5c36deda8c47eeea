import { digestHex, type Digest } from '@drayage/digest'
import type { NameRecord, Removal, StoredImage } from '@drayage/image-store'
import { formatRepository, type Repository } from '@drayage/reference'

import { ImageConflictError } from '../errors.ts'
import type { FoundStored } from './find-stored-image.ts'
import { keeps } from './shown-image.ts'

/** What a removal takes away: names in the order to report them, and targets that go. */
export interface RemovalPlan extends Removal {
  readonly untag: readonly NameRecord[]
}

/**
 * What removing an image by a user's text means. By name: that name goes, and with the last tag of its repository the
 * digest names that came along; what is stored goes with its last name. By ID: all names and all that is stored under the
 * ID; by the digest of a target, all names of that; by that digest in a repository, its names there. Names in several repositories, or several tags, have to be forced.
 *
 * @throws ImageConflictError `ERR_IMAGE_CONFLICT`
 */
export function planRemoval(found: FoundStored, text: string, force: boolean): RemovalPlan {
  const { image, stored, name, repository } = found
  if (repository !== undefined) return byRepository(stored, repository)
  const named = stored.names.find((each) => name !== undefined && isSame(each, name))
  if (isStartOf(text, image.id)) return byId(image.stored, image.id, force)
  return named === undefined ? byId([stored], image.id, force) : byName(stored, named)
}

function byId(stored: readonly StoredImage[], id: Digest, force: boolean): RemovalPlan {
  const untag = stored.flatMap(({ names }) => names).sort((a, b) => (a.reference < b.reference ? -1 : 1))
  if (!force && !isSingleName(untag)) throw new ImageConflictError(id)
  return planOf(untag, stored)
}

/** The digest of a target in a repository means all names of it there. */
function byRepository(stored: StoredImage, repository: Repository): RemovalPlan {
  const untag = stored.names.filter(({ name }) => formatRepository(name) === formatRepository(repository))
  return planOf(untag, untag.length === stored.names.length ? [stored] : [])
}

function byName(stored: StoredImage, named: NameRecord): RemovalPlan {
  const others = stored.names.filter(({ reference }) => reference !== named.reference)
  const siblings = others.filter((other) => formatRepository(other.name) === formatRepository(named.name))
  const isLastTag = named.name.tag !== undefined && !siblings.some(({ name }) => name.tag !== undefined)
  const untag = isLastTag ? [named, ...siblings.filter((sibling) => !keeps(sibling))] : [named]
  const isLast = untag.length === stored.names.length
  return planOf(untag, isLast ? [stored] : [])
}

function planOf(untag: readonly NameRecord[], stored: readonly StoredImage[]): RemovalPlan {
  return { untag, names: untag.map(({ name }) => name), targets: stored.map(({ target }) => target.digest) }
}

function isSame({ name }: NameRecord, other: NameRecord['name']): boolean {
  return (
    name.domain === other.domain && name.path === other.path && name.tag === other.tag && name.digest === other.digest
  )
}

/** Whether all names are in one repository, with at most one tag. */
function isSingleName(records: readonly NameRecord[]): boolean {
  const repositories = new Set(records.map(({ name }) => formatRepository(name)))
  const tags = records.filter(({ name }) => name.tag !== undefined)
  return records.length <= 1 || (repositories.size === 1 && tags.length <= 1)
}

/** A name that looks like the start of the image's own ID means the image. */
function isStartOf(text: string, id: Digest): boolean {
  return text !== '' && (id.startsWith(text) || digestHex(id).startsWith(text))
}
