import type { HttpClient } from '@drayage/content'

import { authorize } from './authorize.ts'
import type { RealmRule } from './credential-gate.ts'
import type { CredentialSource } from './credentials.ts'
import { createEndpoint, type Endpoint } from './endpoint.ts'
import type { OnRegistryEvent } from './events.ts'
import { rateGate } from './rate-gate.ts'
import { followRedirects } from './redirects.ts'
import { parseEndpointUrl, type RegistryEndpoint } from './registry-endpoint.ts'
import { mapFailures } from './unreachable.ts'
import type { UrlGateOptions } from './url-gate.ts'

/** What endpoints are opened with. */
export interface OpenEndpointOptions extends UrlGateOptions {
  readonly http: HttpClient
  readonly credentials?: CredentialSource | undefined
  readonly isTrustedRealm?: RealmRule | undefined
  readonly userAgent: string
  /** Headers of every request to the registry itself, in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly now: () => number
  readonly onEvent: OnRegistryEvent
  /** Makes requests prove the credentials: they are not sent without them, and a refresh token is asked for. */
  readonly onIdentityToken?: ((token: string) => void) | undefined
}

/**
 * Opens an endpoint of the registry `domain`, with its own transport rules, credentials and tokens.
 *
 * @throws TypeError when its URL is none
 */
export function openEndpoint(spec: RegistryEndpoint, domain: string, options: OpenEndpointOptions): Endpoint {
  const { http, credentials, isTrustedHost, isTrustedRealm, userAgent, now, onEvent, onIdentityToken } = options
  const { scheme, host, path: basePath } = parseEndpointUrl(spec.url)
  const other = scheme === 'http' ? 'https' : 'http'
  const owner = spec.credentialsHost ?? host
  const gate = { isTrustedHost }
  const routed = followRedirects(mapFailures(http), { isTrustedHost, secretHeaders: Object.keys(spec.headers ?? {}) })
  const client = authorize(routed, {
    host: owner,
    mirrorOf: owner === domain ? undefined : domain,
    basePath,
    credentials,
    isTrustedHost,
    isTrustedRealm,
    userAgent,
    now,
    onEvent,
    onIdentityToken,
  })
  return createEndpoint({
    host,
    client: rateGate(client, { now }),
    anonymous: routed,
    gate,
    schemes: spec.isInsecure === true ? [scheme, other] : [scheme],
    basePath,
    namespace: spec.namespace,
    headers: spec.isMirror ? spec.headers : { ...options.headers, ...spec.headers },
    userAgent,
    now,
    onEvent,
  })
}
