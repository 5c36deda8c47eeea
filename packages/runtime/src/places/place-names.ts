import type { PlaceSource } from '@drayage/distribution'
import { familiarReference, parseReference, withDefaultTag, type Reference } from '@drayage/reference'

import { TransportError } from '../errors.ts'

/** A source that has nothing to close. */
export const NOTHING_OPEN: AsyncDisposable = { async [Symbol.asyncDispose]() {} }

/** @throws TransportError `ERR_TRANSPORT` */
export function nonEmpty(rest: string, text: string): string {
  if (rest === '') throw new TransportError('use', text, 'nothing follows the colon, expected a path or a name')
  return rest
}

/** A name that an image gets: it has a tag, `latest` by default. @throws TransportError `ERR_TRANSPORT` for a digest */
export function taggedName(name: string, text: string): Reference {
  const reference = withDefaultTag(parseReference(name))
  if (reference.digest !== undefined) throw new TransportError('copy to', text, 'it names a digest, expected a tag')
  return reference
}

/**
 * What an image is called that has to keep its name, the first where it has several.
 *
 * @throws TransportError `ERR_TRANSPORT` when it has none
 */
export function ownName({ names: [own], label }: PlaceSource, text: string): Reference {
  if (own?.tag !== undefined) return own
  throw new TransportError('copy to', text, `${label} has no name to keep, expected an image with a tag`)
}

/** Gives each image of one call its place by its own name. */
export function namesOnce(text: string): (name: Reference) => Reference {
  const taken = new Set<string>()
  return (name) => {
    const familiar = familiarReference(name)
    if (taken.has(familiar)) throw new TransportError('copy to', text, `two images are called ${familiar} there`)
    taken.add(familiar)
    return name
  }
}
