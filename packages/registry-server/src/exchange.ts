import type { HttpRequest } from '@drayage/content'
import { type Digest, tryParseDigest } from '@drayage/digest'

import { RequestRefusedError } from './errors.ts'
import type { RegistryLimits } from './limits.ts'
import type { SharedLock } from './shared-lock.ts'
import type { RegistryStorage } from './storage.ts'

/** One request on its way through the handler. */
export interface Exchange {
  readonly request: HttpRequest
  readonly query: URLSearchParams
  readonly storage: RegistryStorage
  readonly limits: RegistryLimits
  /** Whether manifests, tags and blobs can be deleted. */
  readonly deletes: boolean
  /** By repository: manifests are put side by side, and deleted while none is put. */
  readonly repositories: SharedLock
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Parses the digest of a path or query. @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400 */
export function requireDigest(text: string | null): Digest {
  const parsed = tryParseDigest(text ?? '')
  if (parsed.ok) return parsed.value
  throw new RequestRefusedError(
    { status: 400, specCode: 'DIGEST_INVALID', message: parsed.error.message },
    { cause: parsed.error },
  )
}

/** The answer to a method that the path does not have. */
export function methodNotAllowed(allowed: readonly string[]): RequestRefusedError {
  return new RequestRefusedError({
    status: 405,
    specCode: 'UNSUPPORTED',
    message: 'the operation is unsupported',
    headers: { allow: allowed.join(', ') },
  })
}

/** @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 405, unless the registry allows deletes */
export function requireDeletes(exchange: Exchange): void {
  if (!exchange.deletes) throw methodNotAllowed(['GET', 'HEAD'])
}
