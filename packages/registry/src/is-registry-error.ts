import type {
  ChallengeSyntaxError,
  RegistryError,
  RegistryErrorCode,
  RegistryListingError,
  RegistryMirrorError,
  RegistryProtocolError,
  RegistryTruncatedError,
  RegistryUnreachableError,
  RegistryUploadError,
  UrlRefusedError,
} from './errors.ts'

/** Any error of this package. */
export type AnyRegistryError =
  | RegistryError
  | RegistryUnreachableError
  | RegistryTruncatedError
  | RegistryUploadError
  | RegistryProtocolError
  | RegistryListingError
  | RegistryMirrorError
  | UrlRefusedError
  | ChallengeSyntaxError

const CODES: readonly string[] = [
  'ERR_REGISTRY',
  'ERR_REGISTRY_UNAUTHORIZED',
  'ERR_REGISTRY_DENIED',
  'ERR_REGISTRY_NOT_FOUND',
  'ERR_REGISTRY_RATE_LIMITED',
  'ERR_REGISTRY_UNSUPPORTED',
  'ERR_REGISTRY_DIGEST_REFUSED',
  'ERR_REGISTRY_UPLOAD',
  'ERR_REGISTRY_UNREACHABLE',
  'ERR_REGISTRY_TRUNCATED',
  'ERR_REGISTRY_PROTOCOL',
  'ERR_REGISTRY_LISTING',
  'ERR_REGISTRY_MIRROR',
  'ERR_URL_REFUSED',
  'ERR_CHALLENGE_SYNTAX',
] satisfies RegistryErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isRegistryError(value: unknown): value is AnyRegistryError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
