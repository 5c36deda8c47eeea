import { ReservedNameError } from './errors.ts'
import { familiarRepository } from './familiar-reference.ts'
import type { Repository } from './reference.ts'

/** The name that stands for no base image. */
const RESERVED_NAME = 'scratch'

/** Tells whether the repository is `scratch`, which stands for no base image and cannot be pulled. */
export function isReservedName(repository: Repository): boolean {
  return familiarRepository(repository) === RESERVED_NAME
}

/**
 * Checks that the repository may be pulled.
 *
 * @throws ReservedNameError `ERR_REFERENCE_RESERVED` for `scratch`
 */
export function validateRepositoryName(repository: Repository): void {
  if (isReservedName(repository)) throw new ReservedNameError(RESERVED_NAME)
}
