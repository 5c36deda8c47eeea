import { parsePlatform, type Platform } from '@drayage/manifest'
import { hostPlatform } from '@drayage/runtime'

import { EngineRequestError } from './errors.ts'
import { textOf } from './query.ts'

/** Systems that a platform of one part can be; any other single word is a mistake. */
const SYSTEMS: readonly string[] =
  'aix android darwin dragonfly freebsd illumos ios js linux macos netbsd openbsd plan9 solaris wasip1 windows'.split(
    ' ',
  )

/**
 * The platform that a query asks for, as `linux/arm64` or, in newer versions of some requests, as JSON.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400
 */
export function platformOf(query: URLSearchParams): Platform | undefined {
  const text = textOf(query, 'platform')
  return text === undefined ? undefined : readPlatform(text)
}

/** A platform by its name or as JSON. @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400 */
export function readPlatform(text: string): Platform {
  return text.startsWith('{') ? fromJson(text) : fromName(text)
}

function fromName(text: string): Platform {
  const host = hostPlatform()
  const platform = parsePlatform(text, { host })
  if (text.includes('/') || SYSTEMS.includes(platform.os)) return platform
  throw new EngineRequestError(
    400,
    `${JSON.stringify(text)}: unknown operating system or architecture: invalid argument`,
  )
}

/** Longest JSON text that is read, in characters. */
const MAX_JSON = 4096

function fromJson(text: string): Platform {
  const invalid = (): EngineRequestError =>
    new EngineRequestError(400, `invalid platform: found ${JSON.stringify(text.slice(0, 160))}`)
  if (text.length > MAX_JSON) throw invalid()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid()
  }
  const part = (name: string): string | undefined => {
    const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
    return typeof found === 'string' && found !== '' ? found : undefined
  }
  const [os, architecture, variant, version] = [part('os'), part('architecture'), part('variant'), part('os.version')]
  if (os === undefined || architecture === undefined) throw invalid()
  const system = version === undefined ? os : `${os}(${version})`
  return parsePlatform([system, architecture, ...(variant === undefined ? [] : [variant])].join('/'))
}
