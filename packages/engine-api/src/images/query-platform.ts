import { quote } from '@drayage/bytes'
import { parsePlatform, type Platform } from '@drayage/manifest'
import { hostPlatform } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isFrom } from '../http/api-version.ts'
import { queryText } from '../http/query.ts'
import { jsonPlatform } from './json-platform.ts'

/** The systems that a platform of one part can name; any other single word is an error. */
const SYSTEMS: readonly string[] =
  'aix android darwin dragonfly freebsd illumos ios js linux macos netbsd openbsd plan9 solaris wasip1 windows'.split(
    ' ',
  )

/**
 * The platform that a pull or an import asks for, as `linux/arm64`; JSON is taken too.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400
 */
export function queryPlatform(query: URLSearchParams): Platform | undefined {
  const text = queryText(query, 'platform')
  return text === undefined ? undefined : parseQueryPlatform(text)
}

/** A platform by its name or as JSON. @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400 */
export function parseQueryPlatform(text: string): Platform {
  return text.startsWith('{') ? jsonPlatform(text) : fromName(text)
}

/** Where a query has platforms as JSON. */
export interface PlatformParameter {
  readonly key: 'platform' | 'platforms'
  /** The first version of the API with the parameter, as `48` of 1.48; older ones ignore it. */
  readonly from: number
  /** The first version that takes several values; all by default. */
  readonly severalFrom?: number
}

/**
 * The platforms that a query asks for, each as JSON: `{"os":"linux","architecture":"arm64"}`.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400
 */
export function queryPlatforms(
  { query, version }: Pick<Exchange, 'query' | 'version'>,
  { key, from, severalFrom = 0 }: PlatformParameter,
): Platform[] {
  if (!isFrom(version, from)) return []
  const texts = query.getAll(key)
  if (texts.length > 1 && !isFrom(version, severalFrom)) {
    const wanted = `use API version 1.${severalFrom} or later`
    throw new EngineRequestError(400, `multiple platform parameters are not supported in this API version; ${wanted}`)
  }
  return texts.filter((text) => text !== '').map(jsonPlatform)
}

/** What a part of a name may be, as Docker Engine shows it. */
const PART = '^[A-Za-z0-9_.-]+$'

function fromName(text: string): Platform {
  const host = hostPlatform()
  const parts = text.split('/')
  // A system may have a version: `windows(10.0.17763)`.
  const odd = parts.find((part, at) => !new RegExp(PART).test(at === 0 ? part.replace(/\([\w.-]+\)$/, '') : part))
  if (odd !== undefined) {
    const wanted = `platform specifier component must match ${quote(PART)}: invalid argument`
    throw new EngineRequestError(400, `${quote(odd)} is an invalid component of ${quote(text)}: ${wanted}`)
  }
  if (parts.length > 3) {
    throw new EngineRequestError(400, `${quote(text)}: cannot parse platform specifier: invalid argument`)
  }
  const platform = parsePlatform(text, { host })
  if (text.includes('/') || SYSTEMS.includes(platform.os)) return platform
  throw new EngineRequestError(400, `${quote(text)}: unknown operating system or architecture: invalid argument`)
}
