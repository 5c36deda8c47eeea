import { familiarReference, familiarRepository, type Reference } from '@drayage/reference'

import { PullDeniedError, PullNotFoundError } from './errors.ts'

/**
 * The error that a user of `pull` gets for an error of a registry, in Docker Engine's words; any other error is returned
 * as it is. The registry's own answer stays the `cause`.
 */
export function translatePullError(error: unknown, reference: Reference): unknown {
  const codes = registryCodes(error)
  const name = familiarRepository(reference)
  const said = error instanceof Error ? error.message : ''
  for (const code of codes) {
    switch (code) {
      case 'DENIED':
        return new PullDeniedError(
          `Cannot pull "${familiarReference(reference)}": pull access denied for ${name}, repository does not exist or may require 'docker login': ${said}`,
          { cause: error },
        )
      case 'MANIFEST_UNKNOWN':
        return new PullNotFoundError(
          `Cannot pull "${familiarReference(reference)}": manifest for ${familiarReference(reference)} not found: ${said}`,
          { cause: error },
        )
      case 'NAME_UNKNOWN':
        return new PullNotFoundError(
          `Cannot pull "${familiarReference(reference)}": repository ${name} not found: ${said}`,
          { cause: error },
        )
      default:
    }
  }
  return error
}

/** The distribution-spec codes that the nearest registry error in the chain of causes carries. */
function registryCodes(error: unknown): readonly string[] {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('codes' in at && Array.isArray(at.codes)) return at.codes.filter((code) => typeof code === 'string')
  }
  return []
}
