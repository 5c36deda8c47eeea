import {
  RegistryDeniedError,
  RegistryDigestRefusedError,
  RegistryError,
  RegistryNotFoundError,
  RegistryRateLimitedError,
  RegistryUnauthorizedError,
  RegistryUnsupportedError,
  type AnswerFacts,
} from '../errors/answer-errors.ts'
import { redactUrl } from '../gate/redact-url.ts'
import type { BodyOptions } from './body.ts'
import { readErrorBody } from './error-body.ts'
import { parseRetryAfter } from './headers.ts'
import type { TransportResponse } from './transport.ts'

/**
 * The error that an answer stands for; reads its body.
 *
 * @param registry the origin that was asked; an answer of another one, after a redirect, says nothing about the
 *   registry's rights, and a fresh redirect may succeed, so that it is retryable
 */
export async function errorOfAnswer(
  response: TransportResponse,
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
    withheld: [401, 403, 404].includes(status) ? response.withheld : undefined,
  }
  return isElsewhere && status !== 404 && status !== 429 ? new RegistryError(facts) : classed(facts)
}

/** The codes by which registries say that bytes are not those of their digest. */
const REFUSED_BYTES: ReadonlySet<string> = new Set(['DIGEST_INVALID', 'SIZE_INVALID'])

function classed(facts: AnswerFacts): RegistryError {
  const { method, status, codes } = facts
  const plain = new RegistryError(facts)
  if (status === 429 || codes.includes('TOOMANYREQUESTS'))
    return new RegistryRateLimitedError({ ...facts, retryable: true })
  if (status === 403 || (status === 401 && codes[0] === 'DENIED')) return new RegistryDeniedError(facts)
  if (status === 401) return new RegistryUnauthorizedError(facts)
  // Of a part whose link it is writing, docker-registry says DIGEST_INVALID too.
  const lacksPart = plain.problem === 'part-unknown'
  if (method === 'PUT' && status === 400 && !lacksPart && codes.some((code) => REFUSED_BYTES.has(code)))
    return new RegistryDigestRefusedError(facts)
  if (status === 405 || (status !== 404 && codes.includes('UNSUPPORTED'))) return new RegistryUnsupportedError(facts)
  if (status === 404) return new RegistryNotFoundError(facts)
  return plain
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
