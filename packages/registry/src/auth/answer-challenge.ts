import type { Challenge } from './challenge.ts'
import { isOwnRealm, trustHint, type RealmRule, type WithheldLogin } from '../gate/credential-gate.ts'
import type { Credentials, CredentialSource } from './credentials.ts'
import { RegistryError } from '../errors/answer-errors.ts'
import { UrlRefusedError } from '../errors/refusal-errors.ts'
import type { OnRegistryEvent } from '../events.ts'
import { createGrant, type Authorization, type Grant } from './grant.ts'
import { redactUrl } from '../gate/redact-url.ts'
import type { HttpTransport } from '../http/transport.ts'
import type { RequestScope } from './scope.ts'
import { basicHeader, fetchToken, type TokenRequest } from './token.ts'
import { checkUrl, namerOf, type UrlGateOptions } from '../gate/url-gate.ts'

/** Options of {@link answerChallenge} and of the grants that it makes. */
export interface GrantOptions extends UrlGateOptions {
  /** The name that credentials are looked up by. */
  readonly host: string
  /** The registry that the requests are for, when `host` is a mirror of it. */
  readonly mirrorOf?: string | undefined
  /** The path of the API; `/v2` by default. */
  readonly basePath?: string
  readonly credentials: CredentialSource | undefined
  /**
   * Makes every request prove the credentials: none is sent without them. Called with the refresh token, when the token
   * server gives one.
   */
  readonly onIdentityToken?: ((token: string) => void) | undefined
  readonly isTrustedRealm?: RealmRule | undefined
  readonly userAgent: string
  readonly now: () => number
  readonly onEvent: OnRegistryEvent
}

/**
 * The grant that answers a registry's challenges: Bearer before Basic; `undefined` when there is neither. A registry token
 * of the user is sent as it is, whatever the challenge.
 *
 * @param registry the URL that was asked
 * @throws UrlRefusedError `ERR_URL_REFUSED` for a realm that must not be asked
 */
export function answerChallenge(
  http: HttpTransport,
  registry: URL,
  scope: RequestScope,
  challenges: readonly Challenge[],
  options: GrantOptions,
): Grant | undefined {
  const find = async (signal: AbortSignal): Promise<Credentials | undefined> =>
    await options.credentials?.(options.host, {
      path: scope.repository,
      signal,
      ...(options.mirrorOf !== undefined && { mirrorOf: options.mirrorOf }),
    })
  const bearer = challenges.find((challenge) => challenge.scheme === 'bearer' && challenge.params.has('realm'))
  if (bearer !== undefined) return bearerGrant(http, registry, scope, bearer, find, options)
  if (!challenges.some((challenge) => challenge.scheme === 'basic')) return undefined
  const findBasic = async (signal: AbortSignal): Promise<Authorization | undefined> => {
    const credentials = await find(signal)
    if (credentials === undefined || 'identityToken' in credentials) return undefined
    return 'registryToken' in credentials
      ? lasting(`Bearer ${credentials.registryToken}`)
      : lasting(basicHeader(credentials))
  }
  return createGrant({ id: 'basic', find: findBasic, now: options.now })
}

/** A value that never changes. */
function lasting(value: string): Authorization {
  return { value, lifeMs: Infinity, usesCredentials: true }
}

type FindCredentials = (signal: AbortSignal) => Promise<Credentials | undefined>

function bearerGrant(
  http: HttpTransport,
  registry: URL,
  scope: RequestScope,
  challenge: Challenge,
  find: FindCredentials,
  options: GrantOptions,
): Grant {
  const realm = checkUrl(registry, challenge.params.get('realm') ?? '', options)
  const service = challenge.params.get('service')
  const scopes = scopesOf(challenge, scope)
  const { userAgent, now, onIdentityToken } = options
  const isProof = onIdentityToken !== undefined
  const mayUseCredentials = isOwnRealm(registry, realm, options.isTrustedRealm)
  const refused = { registry: options.host, realm: realm.host }
  let withheld: WithheldLogin | undefined

  const ask = async (credentials: Credentials | undefined, signal: AbortSignal): Promise<Authorization> => {
    const wanted: TokenRequest = {
      realm,
      namedBy: namerOf(registry, realm, options),
      service,
      scopes,
      credentials,
      isOffline: isProof,
      withheld,
      userAgent,
      now,
      signal,
    }
    const token = await fetchToken(http, wanted)
    if (token.refreshToken !== undefined) onIdentityToken?.(token.refreshToken)
    return { value: `Bearer ${token.text}`, lifeMs: token.lifeMs, usesCredentials: credentials !== undefined }
  }

  const findToken = async (signal: AbortSignal): Promise<Authorization> => {
    const credentials = await find(signal)
    if (credentials !== undefined && 'registryToken' in credentials)
      return lasting(`Bearer ${credentials.registryToken}`)
    if (isProof && !mayUseCredentials) {
      const problem = `${registry.host} names a token server that is not its own, so that the login was withheld`
      throw new UrlRefusedError(redactUrl(realm), 'origin', problem, { hint: trustHint(refused) })
    }
    withheld = credentials !== undefined && !mayUseCredentials ? refused : undefined
    if (credentials === undefined || !mayUseCredentials) return await ask(undefined, signal)
    try {
      return await ask(credentials, signal)
    } catch (error) {
      // A token server that denies stale credentials may still give a token for public content.
      const isDenied = error instanceof RegistryError && error.status === 403 && scope.isPull && !isProof
      const anonymous = isDenied ? await ask(undefined, signal).catch(() => undefined) : undefined
      if (anonymous === undefined) throw error
      options.onEvent({ type: 'anonymous-fallback', host: options.host, repository: scope.repository })
      return anonymous
    }
  }

  const id = JSON.stringify(['bearer', realm.href, service, scopes])
  const anonymous = (): Grant => createGrant({ id, find: (signal) => ask(undefined, signal), now })
  return { ...createGrant({ id, find: findToken, now }), withheld: () => withheld, ...(!isProof && { anonymous }) }
}

/** The scopes that the challenge names, at most 16; those of the request when it names none. */
function scopesOf(challenge: Challenge, scope: RequestScope): readonly string[] {
  const named = (challenge.params.get('scope') ?? '').split(' ').filter((entry) => entry !== '')
  return named.length === 0 ? scope.scopes : [...new Set([...scope.scopes.slice(1), ...named])].slice(0, 16)
}
