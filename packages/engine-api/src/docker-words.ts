import { familiarReference, parseAnyReference, withDefaultTag } from '@drayage/reference'

/** Docker Engine's words for an error, and its status where that depends on more than the code. */
export interface DockerWords {
  readonly message: string
  readonly status?: number
}

/** What the messages of these codes start with, before what Docker Engine says too. */
const PREFIX = /^Cannot (?:pull|tag|select an image of) "[^"]*": |^Cannot remove image: /

/** Where a message of a pull goes on with what the registry said. */
const REGISTRY_PART = /(?<= not found| 'docker login'): .*$/s

/**
 * An error in Docker Engine's words, as far as people and programs look for them; `undefined` for all others, whose own
 * message says more.
 */
export function dockerWords(error: Error & { readonly code: string }): DockerWords | undefined {
  switch (error.code) {
    case 'ERR_REFERENCE_SYNTAX':
    case 'ERR_REFERENCE_RESERVED':
      return textOf(error, 'reason')
    case 'ERR_IMAGE_NOT_FOUND':
      return 'text' in error && typeof error.text === 'string' ? missingImage(error.text) : undefined
    case 'ERR_IMAGE_CONFLICT':
    case 'ERR_NAME_REFUSED':
    case 'ERR_PLATFORM_NOT_FOUND':
      return { message: error.message.replace(PREFIX, '') }
    case 'ERR_PULL_DENIED':
    case 'ERR_PULL_NOT_FOUND': {
      const said = registryWords(error) ?? 'the registry says no more'
      return { message: error.message.replace(PREFIX, '').replace(REGISTRY_PART, () => `: ${said}`) }
    }
    case 'ERR_FILTER':
      return 'filter' in error && typeof error.filter === 'string' ? invalidFilter(error.filter) : undefined
    default: {
      const isAnswer = error.code.startsWith('ERR_REGISTRY') || error.code === 'ERR_NAME_NOT_FOUND'
      const message = isAnswer ? registryWords(error) : undefined
      return message === undefined ? undefined : { message }
    }
  }
}

function textOf(error: Error, member: string): DockerWords | undefined {
  const text: unknown = Reflect.get(error, member)
  return typeof text === 'string' ? { message: text } : undefined
}

/** A name gets its tag; text that is neither name nor ID is the client's mistake. */
function missingImage(text: string): DockerWords {
  try {
    const any = parseAnyReference(text)
    const name = any.kind === 'digest' ? any.digest : familiarReference(withDefaultTag(any.reference))
    return { message: `No such image: ${name}` }
  } catch (error) {
    const reason = error instanceof Error ? textOf(error, 'reason') : undefined
    return { status: 400, message: reason?.message ?? 'invalid reference format' }
  }
}

function invalidFilter(filter: string): DockerWords {
  const [key, value] = splitOnce(filter)
  if (key === 'until' && value !== undefined) {
    return { message: `failed to parse value as time or duration: ${JSON.stringify(value)}` }
  }
  return { message: value === undefined ? `invalid filter '${key}'` : `invalid filter '${key}=[${value}]'` }
}

function splitOnce(filter: string): readonly [string, string?] {
  const equals = filter.indexOf('=')
  return equals < 0 ? [filter] : [filter.slice(0, equals), filter.slice(equals + 1)]
}

/** What the registry said, `manifest unknown: no such manifest`, from the first of the causes that knows it. */
export function registryWords(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!('codes' in at) || !Array.isArray(at.codes)) continue
    const [code]: readonly unknown[] = at.codes
    const words = typeof code === 'string' ? code.toLowerCase().replaceAll('_', ' ') : unnamedAnswer(at)
    const said = 'said' in at && typeof at.said === 'string' ? at.said.replace(/^"(.*)"$/s, '$1') : words
    return `${words}: ${said}`
  }
  return undefined
}

/** An answer without a code of the specification, by its status. */
function unnamedAnswer(error: Error): string {
  const status: unknown = Reflect.get(error, 'status')
  switch (status) {
    case 401:
      return 'unauthorized'
    case 403:
      return 'denied'
    case 404:
      return 'not found'
    default:
      return `unexpected status ${String(status)}`
  }
}
