import { escapeText, quote } from '@drayage/bytes'
import { isDistributionError, type UnsupportedSystemError } from '@drayage/distribution'
import { familiarReference, parseAnyReference, withDefaultTag } from '@drayage/reference'
import { isRegistryError } from '@drayage/registry'

import { NO_WORDS, registryWords } from './registry-words.ts'
import { transferErrorIn, transferWords } from './transfer-words.ts'

/** Docker Engine's words for an error, and its status where that depends on more than the code. */
export interface DockerWords {
  readonly message: string
  readonly status?: number
}

/**
 * An error in Docker Engine's words, if users and programs look for them; `undefined` for other errors, whose own message
 * says more.
 */
export function dockerWords(error: Error & { readonly code: string }): DockerWords | undefined {
  switch (error.code) {
    case 'ERR_REFERENCE_SYNTAX':
    case 'ERR_REFERENCE_RESERVED':
    case 'ERR_IMAGE_CONFLICT':
    case 'ERR_NAME_REFUSED':
    case 'ERR_PLATFORM_NOT_FOUND':
    case 'ERR_SCHEMA1':
    case 'ERR_SCHEMA1_REFUSED':
    case 'ERR_CONFIG_UNSUPPORTED':
    case 'ERR_LAYER_COUNT':
    case 'ERR_IMAGE_MISMATCH':
    case 'ERR_IMAGE_CHANGE':
      return memberOf(error, 'reason')
    case 'ERR_IMAGE_NOT_FOUND':
      return 'text' in error && typeof error.text === 'string' ? missingImage(error.text) : undefined
    case 'ERR_PULL_DENIED':
    case 'ERR_PULL_NOT_FOUND': {
      const step = stepWords(error)
      if (step !== undefined) return step
      const words = memberOf(error, 'reason')
      return words && { message: `${words.message}: ${registryWords(error) ?? NO_WORDS}` }
    }
    case 'ERR_LAYER_UNSUPPORTED': {
      const type = memberOf(error, 'mediaType')
      return type && { message: `unsupported media type ${escapeText(type.message, 160)}` }
    }
    case 'ERR_FILTER':
      return 'filter' in error && typeof error.filter === 'string' ? invalidFilter(error.filter) : undefined
    case 'ERR_CONFIG_SYNTAX':
      return 'path' in error && error.path === 'rootfs'
        ? { message: 'invalid rootfs in image configuration' }
        : undefined
    case 'ERR_SYSTEM_UNSUPPORTED':
      return isDistributionError(error) && error.code === 'ERR_SYSTEM_UNSUPPORTED'
        ? { message: systemWords(error) }
        : undefined
    case 'ERR_NAME_NOT_FOUND':
      return answerWords(error)
    case 'ERR_TRANSFER':
      return stepWords(error)
    default:
      return isRegistryError(error) ? answerWords(error) : undefined
  }
}

function answerWords(error: Error): DockerWords | undefined {
  const message = registryWords(error)
  return message === undefined ? undefined : { message }
}

function stepWords(error: Error): DockerWords | undefined {
  const step = transferErrorIn(error)
  const message = step === undefined ? undefined : transferWords(step)
  return message === undefined ? undefined : { status: 500, message }
}

function systemWords({ system, isAsked }: UnsupportedSystemError): string {
  if (system === 'windows' && !isAsked) return 'image operating system "windows" cannot be used on this platform'
  return 'operating system is not supported'
}

function memberOf(error: Error, member: string): DockerWords | undefined {
  const text: unknown = Reflect.get(error, member)
  return typeof text === 'string' ? { message: text } : undefined
}

/** The words for a missing image: a name gets its tag, and text that is neither name nor ID has status 400. */
function missingImage(text: string): DockerWords {
  try {
    const any = parseAnyReference(text)
    const name = any.kind === 'digest' ? any.digest : familiarReference(withDefaultTag(any.reference))
    return { message: `No such image: ${name}` }
  } catch (error) {
    const reason = error instanceof Error ? memberOf(error, 'reason') : undefined
    return { status: 400, message: reason?.message ?? 'invalid reference format' }
  }
}

function invalidFilter(filter: string): DockerWords {
  const [key, value] = splitOnce(filter)
  if (key === 'until' && value !== undefined) {
    return { message: `failed to parse value as time or duration: ${quote(value)}` }
  }
  return { message: value === undefined ? `invalid filter '${key}'` : `invalid filter '${key}=[${value}]'` }
}

function splitOnce(filter: string): readonly [string, string?] {
  const equals = filter.indexOf('=')
  return equals < 0 ? [filter] : [filter.slice(0, equals), filter.slice(equals + 1)]
}
