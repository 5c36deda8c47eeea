import type { AbortOptions } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import { parseRepository, type Repository } from '@drayage/reference'

import { isLoopbackHost } from './address.ts'
import { authorize } from './authorize.ts'
import type { RealmRule } from './credential-gate.ts'
import type { CredentialSource } from './credentials.ts'
import { createEndpoint, type Endpoint } from './endpoint.ts'
import type { OnRegistryEvent } from './events.ts'
import { CHUNK_CEILING_BYTES, MAX_REMEMBERED } from './limits.ts'
import { LruMap } from './lru-map.ts'
import { followRedirects } from './redirects.ts'
import { listCatalog } from './list-tags.ts'
import { rateGate } from './rate-gate.ts'
import { createRepositoryClient, type RepositoryClient } from './repository-client.ts'
import { mapFailures } from './unreachable.ts'
import { createMemorySessions, type UploadSessions } from './upload-sessions.ts'
import type { UrlGateOptions } from './url-gate.ts'

/** Options of {@link createRegistryClient}. */
export interface RegistryClientOptions extends UrlGateOptions {
  /** The transport, such as `undiciClient()` of `@drayage/registry/undici`. */
  readonly http: HttpClient
  /** Where credentials come from, when a registry asks for some; without it all requests are anonymous. */
  readonly credentials?: CredentialSource
  /** `drayage` by default. */
  readonly userAgent?: string
  /**
   * Headers of every request to a registry, such as `x-meta-build`; none by default. Their names begin with `x-`, and they
   * stay at the registry: neither its token server nor a host that it redirects to gets them.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Tells whether a host (with its port, when it has one) is asked by plain http first; by default this machine's own
   * names and addresses: `localhost`, `127.0.0.0/8` and `[::1]`. Such a host that speaks only TLS is asked by https.
   */
  readonly plainHttp?: (host: string) => boolean
  /** Tells of token servers, beyond those on the registry's own domain, that may see the user's credentials. */
  readonly isTrustedRealm?: RealmRule
  readonly onEvent?: OnRegistryEvent
  /** Keeps the sessions of unfinished uploads; in memory by default, so that they end with the client. */
  readonly uploadSessions?: UploadSessions
  /**
   * Sends content of more than 4 MiB in chunks of this many bytes, at most 64 MiB, which are held in memory. By default it
   * goes in one request and in chunks of 8 MiB where that fails. Some registries go on with an upload only where a whole
   * request ended, so that chunks bound what an interrupted upload sends again.
   */
  readonly chunkBytes?: number
  /** A monotonic clock in milliseconds; `performance.now` by default. */
  readonly now?: () => number
}

/** Registries, over one transport. */
export interface RegistryClient {
  /**
   * The client of a repository, given in normal or familiar form.
   *
   * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
   */
  repository(name: string | Repository): RepositoryClient
  /**
   * The paths of the repositories of a registry, in its order, page by page while they are read. Many registries do not
   * serve this list, or only to some users.
   *
   * @param domain such as `registry.example:5000`
   * @throws RegistryListingError `ERR_REGISTRY_LISTING`
   */
  catalog(domain: string, options?: AbortOptions): AsyncIterable<string>
}

/**
 * Creates a client of all registries.
 *
 * @throws RangeError when `chunkBytes` is not an integer from 1 to 64 Mi, or the name of a header does not begin with `x-`
 */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { uploadSessions = createMemorySessions(), chunkBytes, now = () => performance.now() } = options
  if (
    chunkBytes !== undefined &&
    !(Number.isSafeInteger(chunkBytes) && chunkBytes > 0 && chunkBytes <= CHUNK_CEILING_BYTES)
  ) {
    throw new RangeError(
      `Cannot upload in chunks of ${chunkBytes}: expected an integer from 1 to ${CHUNK_CEILING_BYTES}`,
    )
  }
  const odd = Object.keys(options.headers ?? {}).find((name) => !/^x-[a-z0-9-]+$/i.test(name))
  if (odd !== undefined) {
    throw new RangeError(`Cannot send header ${JSON.stringify(odd)}: expected a name that begins with x-`)
  }
  const endpoints = new LruMap<Endpoint>(MAX_REMEMBERED)
  const endpointOf = (domain: string): Endpoint => {
    const known = endpoints.get(domain)
    if (known !== undefined) return known
    const endpoint = endpointFor(domain, options)
    endpoints.set(domain, endpoint)
    return endpoint
  }
  return {
    repository: (name) => {
      const repository = typeof name === 'string' ? parseRepository(name) : name
      return createRepositoryClient(endpointOf(repository.domain), repository, { uploadSessions, chunkBytes, now })
    },
    catalog: (domain, options) => listCatalog(endpointOf(domain), options),
  }
}

function endpointFor(domain: string, options: RegistryClientOptions): Endpoint {
  const host = registryHost(domain)
  const { isTrustedHost, userAgent = 'drayage', now = () => performance.now(), onEvent = () => {} } = options
  const isPlainHttp = (options.plainHttp ?? isLoopbackHost)(host)
  const { credentials, isTrustedRealm } = options
  const lowered = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  const headers = Object.fromEntries(lowered)
  const routed = followRedirects(mapFailures(options.http), { isTrustedHost })
  const client = authorize(routed, {
    host: domain,
    credentials,
    isTrustedHost,
    isTrustedRealm,
    userAgent,
    now,
    onEvent,
  })
  const gate = { isTrustedHost }
  return createEndpoint({
    host,
    client: rateGate(client, { now }),
    anonymous: routed,
    gate,
    isPlainHttp,
    userAgent,
    headers,
    now,
    onEvent,
  })
}

/**
 * The host that serves a domain: Docker Hub's own is another than its name.
 *
 * @throws TypeError when `domain` is not a host with an optional port
 */
function registryHost(domain: string): string {
  if (domain === 'docker.io' || domain === 'index.docker.io') return 'registry-1.docker.io'
  const url = URL.parse(`https://${domain}/`)
  const isHost =
    url !== null && url.pathname === '/' && !/[\s/?#@\\%]/.test(domain) && url.href === `https://${url.host}/`
  if (!isHost)
    throw new TypeError(
      `Cannot address registry ${JSON.stringify(domain.slice(0, 255))}: found another form, expected a host and port`,
    )
  return domain
}
