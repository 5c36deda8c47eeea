import { parsePlatform, type Platform } from '@drayage/manifest'
import { hostPlatform } from '@drayage/runtime'

/**
 * The platforms that values of an option name, each value one or several with commas between; `undefined` where none is
 * given.
 *
 * @throws PlatformSyntaxError `ERR_PLATFORM_SYNTAX`
 */
export function readPlatforms(values: readonly string[] | undefined): readonly Platform[] | undefined {
  const host = hostPlatform()
  return values?.flatMap((value) => value.split(',')).map((text) => parsePlatform(text.trim(), { host }))
}

/**
 * The platform that the value of an option names, if any.
 *
 * @throws PlatformSyntaxError `ERR_PLATFORM_SYNTAX`
 */
export function onePlatform(value: string | undefined): Platform | undefined {
  return value === undefined ? undefined : parsePlatform(value, { host: hostPlatform() })
}
