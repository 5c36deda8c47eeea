import { quote } from '@drayage/bytes'
import { parsePlatform, type Platform } from '@drayage/manifest'

import { EngineRequestError } from '../errors.ts'

/** The longest JSON text that is read, in characters. */
const MAX_JSON = 4096

/**
 * A platform as the JSON of OCI, in the words of Docker Engine where it is none.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400
 */
export function jsonPlatform(text: string): Platform {
  const value = parsed(text)
  const part = (name: string): string | undefined => {
    const found: unknown = Reflect.get(value, name)
    if (found !== undefined && typeof found !== 'string') throw unreadable(`${name} is no text`)
    return found === '' ? undefined : found
  }
  const [os, architecture, variant, version] = [part('os'), part('architecture'), part('variant'), part('os.version')]
  if (os === undefined || architecture === undefined) {
    const isOther = os === undefined && architecture === undefined && (variant ?? version) !== undefined
    const reason = 'optional platform fields provided, but OS and Architecture are missing'
    throw new EngineRequestError(400, isOther ? reason : 'both OS and Architecture must be provided')
  }
  const system = version === undefined ? os : `${os}(${version})`
  return parsePlatform([system, architecture, ...(variant === undefined ? [] : [variant])].join('/'))
}

function parsed(text: string): object {
  if (text.length > MAX_JSON) throw unreadable(`more than ${MAX_JSON} characters`)
  const first = text.trimStart()[0] ?? ''
  if (first !== '' && !'{["-0123456789tfn'.includes(first)) {
    throw unreadable(`invalid character '${first}' looking for beginning of value`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw unreadable(quote(text, 160), cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable(quote(text, 160))
  return value
}

function unreadable(why: string, cause?: unknown): EngineRequestError {
  return new EngineRequestError(400, `failed to parse platform: ${why}`, { cause })
}
