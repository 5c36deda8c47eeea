import { basicHeader } from './basic-header.ts'
import type { Challenge } from './challenge.ts'
import { isOwnRealm, type RealmRule } from './credential-gate.ts'
import type { Credentials, CredentialSource } from './credentials.ts'
import { RegistryError, UrlRefusedError } from './errors.ts'
import type { OnRegistryEvent } from './events.ts'
import { fixedGrant, tokenGrant, type Grant, type GrantedToken } from './grant.ts'
import { redactUrl } from './redact-url.ts'
import type { RoutedClient } from './routed-client.ts'
import type { RequestScope } from './scope.ts'
import { fetchToken, type TokenRequest } from './token.ts'
import { checkUrl, type UrlGateOptions } from './url-gate.ts'

/** What grants need. */
export interface GrantOptions extends UrlGateOptions {
  /** The name of the registry that the credentials are looked up by. */
  readonly host: string
  /** The registry that was meant, when `host` is another. */
  readonly mirrorOf?: string | undefined
  /** The path of the API; `/v2` by default. */
  readonly basePath?: string
  readonly credentials: CredentialSource | undefined
  /** Makes requests prove the credentials: there is no way around them, and a refresh token is asked for and told. */
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
  http: RoutedClient,
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
  return fixedGrant('basic', async (signal) => {
    const credentials = await find(signal)
    if (credentials === undefined || 'identityToken' in credentials) return undefined
    return 'registryToken' in credentials ? `Bearer ${credentials.registryToken}` : basicHeader(credentials)
  })
}

type FindCredentials = (signal: AbortSignal) => Promise<Credentials | undefined>

function bearerGrant(
  http: RoutedClient,
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

  const ask = async (credentials: Credentials | undefined, signal: AbortSignal): Promise<GrantedToken> => {
    const wanted: TokenRequest = { realm, service, scopes, credentials, isOffline: isProof, userAgent, now, signal }
    const token = await fetchToken(http, wanted)
    if (token.refreshToken !== undefined) onIdentityToken?.(token.refreshToken)
    return { ...token, usesCredentials: credentials !== undefined }
  }

  const fetch = async (signal: AbortSignal): Promise<GrantedToken> => {
    const credentials = await find(signal)
    if (credentials !== undefined && 'registryToken' in credentials) {
      return { text: credentials.registryToken, lifeMs: Infinity, usesCredentials: true }
    }
    if (isProof && !mayUseCredentials) {
      throw new UrlRefusedError(
        redactUrl(realm),
        'origin',
        `a token server named by ${registry.host}`,
        'one of its own',
      )
    }
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
  const anonymous = (): Grant => tokenGrant({ id, fetch: (signal) => ask(undefined, signal), now })
  return { ...tokenGrant({ id, fetch, now }), ...(!isProof && { anonymous }) }
}

/** The scopes that the challenge names, at most 16; those of the request when it names none. */
function scopesOf(challenge: Challenge, scope: RequestScope): readonly string[] {
  const named = (challenge.params.get('scope') ?? '').split(' ').filter((entry) => entry !== '')
  return named.length === 0 ? scope.scopes : [...new Set([...scope.scopes.slice(1), ...named])].slice(0, 16)
}
