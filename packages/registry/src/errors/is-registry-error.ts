import { errorGuard } from '@drayage/bytes'

import type { RegistryError } from './answer-errors.ts'
import type { RegistryProtocolError, RegistryTruncatedError, RegistryUnreachableError } from './connection-errors.ts'
import type { ChallengeSyntaxError, UrlRefusedError } from './refusal-errors.ts'
import type { RegistryListingError, RegistryMirrorError, RegistryUploadError } from './transfer-errors.ts'

/** Any error of this package. */
export type AnyRegistryError =
  | RegistryError
  | RegistryUnreachableError
  | RegistryTruncatedError
  | RegistryProtocolError
  | RegistryUploadError
  | RegistryMirrorError
  | RegistryListingError
  | UrlRefusedError
  | ChallengeSyntaxError

/** Codes of the errors of this package. */
export type RegistryErrorCode = AnyRegistryError['code']

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export const isRegistryError: (value: unknown) => value is AnyRegistryError = errorGuard<AnyRegistryError>([
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
])
