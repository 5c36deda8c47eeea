import type { Descriptor } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import { NameRefusedError } from '../errors.ts'

/** A name as the store keeps it: a digest wins over a tag, and the tag is `latest` where there is neither. */
export function storedName(name: Reference): Reference {
  const { domain, path, tag = 'latest', digest } = name
  return digest === undefined ? { domain, path, tag } : { domain, path, digest }
}

/** The full text of a name as the store keeps it. */
export function storedNameText(name: Reference): string {
  return formatReference(storedName(name))
}

/**
 * Checks that `name` can stand for `target`.
 *
 * @throws NameRefusedError `ERR_NAME_REFUSED`
 */
export function assertCanName(name: Reference, target: Descriptor): void {
  if (name.digest !== undefined && name.digest !== target.digest) {
    const why = `Cannot overwrite digest ${name.digest}: found content ${target.digest}`
    throw new NameRefusedError(storedNameText(name), why)
  }
  if (name.path === 'sha256' || name.path === 'library/sha256') {
    const why = 'refusing to create an ambiguous tag using digest algorithm as name'
    throw new NameRefusedError(storedNameText(name), why)
  }
}
