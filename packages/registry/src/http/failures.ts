import type { HttpClient } from '@drayage/content'

import { RegistryUnreachableError } from '../errors/connection-errors.ts'
import { isRegistryError } from '../errors/is-registry-error.ts'
import { redactUrl } from '../gate/redact-url.ts'

/**
 * Turns what a transport throws into errors of this package, except the signal's reason and what is one already.
 * Transports that know more throw {@link RegistryUnreachableError} themselves.
 */
export function mapFailures(http: HttpClient): HttpClient {
  return async (request) => {
    request.signal?.throwIfAborted()
    try {
      return await http(request)
    } catch (error) {
      request.signal?.throwIfAborted()
      throw asRegistryError(error, request.method, request.url)
    }
  }
}

/** `error` itself when it is one of this package, else an unreachable error caused by it. */
export function asRegistryError(error: unknown, method: string, url: string): Error {
  if (isRegistryError(error)) return error
  const host = URL.parse(url)?.host ?? ''
  const facts = { method, url: redactUrl(url), reason: 'other', host, retryable: true } as const
  return new RegistryUnreachableError(facts, { cause: error })
}
