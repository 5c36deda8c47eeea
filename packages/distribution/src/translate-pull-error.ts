import { familiarReference, familiarRepository, type Reference } from '@drayage/reference'

import { PullDeniedError, PullNotFoundError } from './errors.ts'

/**
 * The error that a user of `pull` gets for an error of a registry, in Docker Engine's words; any other error is returned
 * as it is. What was thrown stays the `cause`, so that every code in its chain of causes can be found.
 */
export function translatePullError(error: unknown, reference: Reference): unknown {
  const answer = answerOf(error)
  if (answer === undefined) return error
  const asked = familiarReference(reference)
  const name = familiarRepository(reference)
  const said = `Cannot pull "${asked}": `
  const options = { cause: error }
  switch (answer.problem) {
    case 'DENIED':
      return new PullDeniedError(
        `${said}pull access denied for ${name}, repository does not exist or may require 'docker login': ${answer.message}`,
        options,
      )
    case 'MANIFEST_UNKNOWN':
      return new PullNotFoundError(`${said}manifest for ${asked} not found: ${answer.message}`, options)
    case 'NAME_UNKNOWN':
      return new PullNotFoundError(`${said}repository ${name} not found: ${answer.message}`, options)
  }
}

type Problem = 'DENIED' | 'MANIFEST_UNKNOWN' | 'NAME_UNKNOWN'

const PROBLEMS: ReadonlyMap<unknown, Problem> = new Map<unknown, Problem>([
  ['DENIED', 'DENIED'],
  ['MANIFEST_UNKNOWN', 'MANIFEST_UNKNOWN'],
  ['NAME_UNKNOWN', 'NAME_UNKNOWN'],
])

/** What errors say that carry no code of the registry: it answered without one. */
const PROBLEMS_BY_CODE: ReadonlyMap<unknown, Problem> = new Map<unknown, Problem>([
  ['ERR_REGISTRY_DENIED', 'DENIED'],
  ['ERR_NAME_NOT_FOUND', 'MANIFEST_UNKNOWN'],
])

interface Answer {
  readonly problem: Problem
  readonly message: string
}

/** What the nearest registry error in the chain of causes says; its own codes count before its class. */
function answerOf(error: unknown): Answer | undefined {
  let byCode: Answer | undefined
  for (let at = error; at instanceof Error; at = at.cause) {
    const { message } = at
    const known = 'code' in at ? PROBLEMS_BY_CODE.get(at.code) : undefined
    if (known !== undefined) byCode = { problem: known, message }
    if (!('codes' in at) || !Array.isArray(at.codes)) continue
    const problem = at.codes.map((code) => PROBLEMS.get(code)).find((each) => each !== undefined)
    if (problem !== undefined) return { problem, message }
    return at.codes.length === 0 ? byCode : undefined
  }
  return byCode
}
