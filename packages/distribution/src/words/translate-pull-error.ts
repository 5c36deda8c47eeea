import { problemOf } from '@drayage/content'
import { familiarReference, familiarRepository, type Reference } from '@drayage/reference'

import { PullDeniedError, PullNotFoundError } from '../errors.ts'

/**
 * The error that a user of `pull` gets for an error of a registry, in Docker Engine's words; any other error is returned
 * as it is. What was thrown stays the `cause`, so that every code in its chain of causes can be found.
 */
export function translatePullError(error: unknown, reference: Reference): unknown {
  const asked = familiarReference(reference)
  const name = familiarRepository(reference)
  const answer = answerOf(error)
  switch (problemOf(error)) {
    case 'denied':
      return new PullDeniedError(
        asked,
        `pull access denied for ${name}, repository does not exist or may require 'docker login'`,
        answer,
        { cause: error, hint: `Log in to ${reference.domain}, or check the name.` },
      )
    case 'manifest-unknown':
      return new PullNotFoundError(asked, `manifest for ${asked} not found`, answer, {
        cause: error,
        hint: 'Check the tag; the registry lists those that it has.',
      })
    case 'repository-unknown':
      return new PullNotFoundError(asked, `repository ${name} not found`, answer, { cause: error })
    default:
      return error
  }
}

/** What the nearest error that names a problem says. */
function answerOf(error: unknown): string {
  let answer = ''
  for (let at = error; at instanceof Error; at = at.cause) {
    answer = at.message
    if ('problem' in at && at.problem !== undefined) break
  }
  return answer
}
