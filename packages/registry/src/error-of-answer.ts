import type { BodyOptions } from './body.ts'
import { readErrorBody } from './error-body.ts'
import {
  RegistryDeniedError,
  RegistryDigestRefusedError,
  RegistryError,
  RegistryNotFoundError,
  RegistryRateLimitedError,
  RegistryUnauthorizedError,
  RegistryUnsupportedError,
  type AnswerFacts,
} from './errors.ts'
import { redactUrl } from './redact-url.ts'
import { parseRetryAfter } from './retry-after.ts'
import type { RoutedResponse } from './routed-client.ts'

/**
 * The error that an answer stands for; reads its body.
 *
 * @param registry the origin that was asked; an answer of another one, after a redirect, says nothing about the
 *   registry's rights, and a fresh redirect may pass, so that it is retryable
 */
export async function errorOfAnswer(
  response: RoutedResponse,
  registry: string,
  options: BodyOptions,
): Promise<RegistryError> {
  const { status, headers } = response
  const body = await readErrorBody(response, options)
  const isElsewhere = new URL(response.url).origin !== registry
  const facts: AnswerFacts = {
    method: options.facts.method,
    url: redactUrl(response.url),
    status,
    codes: isElsewhere ? [] : withChallengeCode(body.codes, status, headers['www-authenticate'] ?? ''),
    said: body.said,
    retryable: isRetryableStatus(status) || (isElsewhere && [401, 403, 410].includes(status)),
    retryAfterMs: parseRetryAfter(headers),
  }
  return isElsewhere && status !== 404 && status !== 429 ? new RegistryError(facts) : classed(facts)
}

function classed(facts: AnswerFacts): RegistryError {
  const { method, status, codes } = facts
  if (status === 429 || codes.includes('TOOMANYREQUESTS'))
    return new RegistryRateLimitedError({ ...facts, retryable: true })
  if (status === 403 || (status === 401 && codes[0] === 'DENIED')) return new RegistryDeniedError(facts)
  if (status === 401) return new RegistryUnauthorizedError(facts)
  if (method === 'PUT' && status === 400 && codes.some((code) => code === 'DIGEST_INVALID' || code === 'SIZE_INVALID'))
    return new RegistryDigestRefusedError(facts)
  if (status === 405 || (status !== 404 && codes.includes('UNSUPPORTED'))) return new RegistryUnsupportedError(facts)
  if (status === 404) return new RegistryNotFoundError(facts)
  return new RegistryError(facts)
}

/** The challenge of a 401 tells more exactly than its body whether a token is missing or does not suffice. */
function withChallengeCode(codes: readonly string[], status: number, challenge: string): readonly string[] {
  if (status !== 401) return codes
  const error = /\berror="(invalid_token|insufficient_scope)"/i.exec(challenge.slice(0, 16_384))?.[1]
  if (error === undefined) return codes
  const code = error === 'invalid_token' ? 'UNAUTHORIZED' : 'DENIED'
  return [code, ...codes.filter((other) => other !== code)]
}

/** Tells whether a request with this answer may succeed later: 408, 425, 429 and the 5xx but 501 and 505. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
}
