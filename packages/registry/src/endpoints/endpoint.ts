import { fromBytes, type AbortOptions, type ByteStream } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'

import { authorize } from '../auth/authorize.ts'
import type { CredentialSource } from '../auth/credentials.ts'
import type { OnRegistryEvent } from '../events.ts'
import type { RealmRule } from '../gate/credential-gate.ts'
import { redactUrl } from '../gate/redact-url.ts'
import { namerOf, type UrlGateOptions } from '../gate/url-gate.ts'
import { orGet } from '../http/or-get.ts'
import { rateGate } from '../http/rate-gate.ts'
import { reportHeaders } from '../http/report-headers.ts'
import { createTransport, type HttpTransport, type TransportRequest } from '../http/transport.ts'
import type { EndpointAnswer } from './answer.ts'
import { parseEndpointUrl, type RegistryEndpoint } from './registry-endpoint.ts'
import { chooseScheme } from './scheme.ts'

/** A request below `/v2/`. */
export interface EndpointRequest extends AbortOptions {
  readonly method: string
  /** Path and query, from `/v2/` on, already encoded; another path is one of the server's own. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** A body; one of bytes is sent again when a 401 wants that. */
  readonly content?: Uint8Array | ByteStream | undefined
  /** The path that tells which rights the request needs, where its own does not. */
  readonly scopePath?: string | undefined
}

/** A request to another host, without credentials. */
export interface AwayRequest extends Omit<EndpointRequest, 'path' | 'scopePath'> {
  /** It passed the gate. */
  readonly url: URL
}

/** A registry's host, or a mirror's. */
export interface Endpoint {
  readonly host: string
  readonly onEvent: OnRegistryEvent
  /** For the addresses of uploads. */
  readonly gate: UrlGateOptions
  /** The origin that requests go to; before the first answer, the first one to try. */
  origin(): URL
  /** The path of a URL of this endpoint as {@link EndpointRequest} has it. */
  pathOf(url: URL): string
  send(request: EndpointRequest): Promise<EndpointAnswer>
  /** Sends a request to another host that the registry named. */
  sendAway(request: AwayRequest): Promise<EndpointAnswer>
}

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
  /** Makes every request prove the credentials; called with the refresh token, when the token server gives one. */
  readonly onIdentityToken?: ((token: string) => void) | undefined
}

/**
 * Opens an endpoint of the registry `domain`, with its own transport rules, credentials and tokens. An insecure one is
 * asked by the scheme of its URL first, then by the other.
 *
 * @throws TypeError when its URL is not the URL of an endpoint
 */
export function openEndpoint(spec: RegistryEndpoint, domain: string, options: OpenEndpointOptions): Endpoint {
  const { http, userAgent, now, onEvent, isTrustedHost } = options
  const { scheme: first, host, path: basePath } = parseEndpointUrl(spec.url)
  const owner = spec.credentialsHost ?? host
  const ownHeaders = spec.isMirror ? spec.headers : { ...options.headers, ...spec.headers }
  const { allowsHttpBlobs = false, trustedRealms = [] } = spec
  const secretHeaders = Object.keys(spec.headers ?? {})
  const anonymous = createTransport(http, { isTrustedHost, secretHeaders, allowsHttpBlobs })
  const authorized = authorize(anonymous, {
    ...options,
    isTrustedRealm: (registry, realm) =>
      trustedRealms.includes(realm) || options.isTrustedRealm?.(registry, realm) === true,
    host: owner,
    mirrorOf: owner === domain ? undefined : domain,
    basePath,
    credentials: options.credentials,
  })
  const gated = rateGate(orGet(authorized), { now })
  const scheme = chooseScheme(host, spec.isInsecure === true ? [first, first === 'http' ? 'https' : 'http'] : [first])

  const urlOf = (origin: string, path: string): URL => {
    const url = new URL(origin + (path.startsWith('/v2/') ? basePath + path.slice('/v2'.length) : path))
    if (spec.namespace !== undefined) url.searchParams.set('ns', spec.namespace)
    return url
  }
  const exchange = async (
    through: HttpTransport,
    url: URL,
    request: Omit<AwayRequest, 'url'>,
    { scopeUrl, namedBy }: Pick<TransportRequest, 'scopeUrl' | 'namedBy'>,
  ): Promise<EndpointAnswer> => {
    const { method, signal } = request
    const headers = { 'accept-encoding': 'identity', 'user-agent': userAgent, ...request.headers }
    const body = bodyOf(request.content)
    const response = await through({ method, url: url.href, headers, signal, scopeUrl, namedBy, ...body })
    reportHeaders(host, response.headers, onEvent)
    return { response, url, body: { facts: { method: response.method ?? method, url: redactUrl(url) }, now, signal } }
  }
  const gate: UrlGateOptions = { isTrustedHost, allowsHttp: allowsHttpBlobs }
  const origin = (): URL => new URL(`${scheme.current()}://${host}`)
  return {
    host,
    onEvent,
    gate,
    origin,
    pathOf: ({ pathname, search }) =>
      (pathname.startsWith(`${basePath}/`) ? `/v2${pathname.slice(basePath.length)}` : pathname) + search,
    send: (request) =>
      scheme.send((by) => {
        const own = `${by}://${host}`
        const scopePath = request.scopePath ?? (basePath === '/v2' ? undefined : request.path)
        const headers = { ...ownHeaders, ...request.headers }
        const scopeUrl = scopePath === undefined ? undefined : own + scopePath
        return exchange(gated, urlOf(own, request.path), { ...request, headers }, { scopeUrl })
      }, request),
    sendAway: (request) => exchange(anonymous, request.url, request, { namedBy: namerOf(origin(), request.url, gate) }),
  }
}

function bodyOf(content: Uint8Array | ByteStream | undefined): Pick<TransportRequest, 'body' | 'replay'> {
  if (content === undefined) return {}
  if (!(content instanceof Uint8Array)) return { body: content }
  const replay = (): ByteStream => fromBytes(content)
  return { body: replay(), replay }
}
