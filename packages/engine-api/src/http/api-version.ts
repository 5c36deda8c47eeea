import { EngineRequestError } from '../errors.ts'

/** The oldest version of the Engine API that is served: that of the skopeo of Debian 12, whose requests are those of 1.24. */
export const MIN_API_VERSION: ApiVersion = { major: 1, minor: 22 }

/** The newest version of the Engine API that is served, and the one of requests that name none. */
export const MAX_API_VERSION: ApiVersion = { major: 1, minor: 57 }

/** A version of the Engine API. */
export interface ApiVersion {
  readonly major: number
  readonly minor: number
}

/** `1.57`. */
export function formatApiVersion({ major, minor }: ApiVersion): string {
  return `${major}.${minor}`
}

/** Whether `version` is 1.`minor` or later. */
export function isFrom(version: ApiVersion, minor: number): boolean {
  return version.major > 1 || (version.major === 1 && version.minor >= minor)
}

/** A path without its version, and the version: `/v1.43/images/json` and `/images/json` both name `/images/json`. */
export interface VersionedPath {
  readonly path: string
  readonly version: ApiVersion
}

/** A version before a path; that of podman has three parts, as in `/v4.3.1/libpod/_ping`. */
const VERSION = /^\/v(\d{1,6})(?:\.(\d{1,6}))?(?:\.\d{1,6})?(?=\/)/

/**
 * Splits the version off a path. Paths of podman's own API have versions of their own, which say nothing here.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400 for a version that is not served
 */
export function splitVersion(fullPath: string): VersionedPath {
  const match = VERSION.exec(fullPath)
  if (match === null) return { path: fullPath, version: MAX_API_VERSION }
  const path = fullPath.slice(match[0].length)
  if (path.startsWith('/libpod/')) return { path, version: MAX_API_VERSION }
  const version = { major: Number(match[1]), minor: Number(match[2] ?? 0) }
  const asked = `client version ${match[0].slice(2)} is too`
  if (compare(version, MIN_API_VERSION) < 0) {
    const least = formatApiVersion(MIN_API_VERSION)
    throw new EngineRequestError(
      400,
      `${asked} old. Minimum supported API version is ${least}, please upgrade your client to a newer version`,
    )
  }
  if (compare(version, MAX_API_VERSION) > 0) {
    throw new EngineRequestError(
      400,
      `${asked} new. Maximum supported API version is ${formatApiVersion(MAX_API_VERSION)}`,
    )
  }
  return { path, version }
}

function compare(a: ApiVersion, b: ApiVersion): number {
  return a.major - b.major || a.minor - b.minor
}
