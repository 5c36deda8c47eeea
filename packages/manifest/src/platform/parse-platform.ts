import { PlatformSyntaxError } from '../errors.ts'
import { isArchitecture, normalizePlatform } from './platform.ts'
import type { Platform } from './platform.ts'

/** How to read a platform. */
export interface ParsePlatformOptions {
  /** What completes a text of only a system or only an architecture; without it, both are required. */
  readonly host?: Platform | undefined
}

const LONGEST = 256
const PART = /^[A-Za-z0-9_.-]+$/
const SYSTEM = /^([A-Za-z0-9_.-]+)\(([A-Za-z0-9_.-]+)\)$/
const FORM = 'os/architecture or os/architecture/variant'

/**
 * Parses `linux/arm/v7`, `windows(10.0.17763)/amd64` and, given a host, also `linux` or `arm64`. The result is in normal
 * form: see {@link normalizePlatform}.
 *
 * @throws PlatformSyntaxError `ERR_PLATFORM_SYNTAX`
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { formatPlatform, parsePlatform } from '@drayage/manifest'
 *
 * assert.equal(formatPlatform(parsePlatform('Linux/armhf')), 'linux/arm/v7')
 * assert.deepEqual(parsePlatform('arm64', { host: parsePlatform('linux/amd64') }), { os: 'linux', architecture: 'arm64' })
 * ```
 */
export function parsePlatform(text: string, options: ParsePlatformOptions = {}): Platform {
  if (text.length > LONGEST) throw new PlatformSyntaxError(text, `${text.length} characters`, `at most ${LONGEST}`)
  const [first = '', architecture, variant, ...more] = text.split('/')
  if (more.length > 0) throw new PlatformSyntaxError(text, `${more.length + 3} parts`, FORM)
  const system = SYSTEM.exec(first)
  const os = system?.[1] ?? first
  const version = system?.[2]
  const odd = [os, architecture, variant].find((part) => part !== undefined && !PART.test(part))
  if (odd !== undefined) throw new PlatformSyntaxError(text, odd === '' ? 'an empty part' : 'other characters', FORM)
  if (architecture !== undefined) return normalizePlatform(platform(os, architecture, variant, version))
  const { host } = options
  if (host === undefined) throw new PlatformSyntaxError(text, 'one part', FORM)
  if (version === undefined && isArchitecture(os)) return normalizePlatform(platform(host.os, os, undefined, undefined))
  return normalizePlatform(platform(os, host.architecture, host.variant, version))
}

/** The platform as {@link parsePlatform} reads it: `linux/arm/v7`, `windows(10.0.17763)/amd64`. */
export function formatPlatform(platform: Platform): string {
  const version = platform['os.version'] === undefined ? '' : `(${platform['os.version']})`
  const variant = platform.variant === undefined || platform.variant === '' ? '' : `/${platform.variant}`
  return `${platform.os}${version}/${platform.architecture}${variant}`
}

function platform(
  os: string,
  architecture: string,
  variant: string | undefined,
  version: string | undefined,
): Platform {
  return {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { 'os.version': version }),
  }
}
