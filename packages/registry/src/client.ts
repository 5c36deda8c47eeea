import type { AbortOptions } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import { parseRepository, type Repository } from '@drayage/reference'

import { isLoopbackHost } from './address.ts'
import { checkLogin, type CheckedLogin } from './check-login.ts'
import { repositoryPath } from './content-path.ts'
import type { RealmRule } from './credential-gate.ts'
import type { Credentials, CredentialSource } from './credentials.ts'
import type { Endpoint } from './endpoint.ts'
import { createEndpointHealth, type EndpointHealth } from './endpoint-health.ts'
import type { OnRegistryEvent } from './events.ts'
import { CHUNK_CEILING_BYTES, MAX_ENDPOINTS, MAX_REMEMBERED } from './limits.ts'
import { listCatalog } from './list-tags.ts'
import { LruMap } from './lru-map.ts'
import { openEndpoint, type OpenEndpointOptions } from './open-endpoint.ts'
import { registryHost, registryItself, type EndpointSource, type RegistryEndpoint } from './registry-endpoint.ts'
import { createRepositoryClient, type RepositoryClient } from './repository-client.ts'
import { createRoutedRepository } from './routed-repository.ts'
import type { Route } from './routes.ts'
import { createMemorySessions, type UploadSessions } from './upload-sessions.ts'
import { searchRegistry, type FoundRepository, type SearchOptions } from './search.ts'
import type { UploaderOptions } from './uploader.ts'
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
   * stay at the registry: neither its token server nor a mirror or a host that it redirects to gets them.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Tells whether a host (with its port, when it has one) is asked by plain http first; by default this machine's own
   * names and addresses: `localhost`, `127.0.0.0/8` and `[::1]`. Such a host that speaks only TLS is asked by https.
   */
  readonly plainHttp?: (host: string) => boolean
  /** Tells of token servers, beyond those on the registry's own domain, that may see the user's credentials. */
  readonly isTrustedRealm?: RealmRule
  /**
   * Gives the endpoints of each repository: mirrors, and the registry itself. By default a registry has no mirrors and is
   * found at its domain.
   */
  readonly endpoints?: EndpointSource
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

/** Options of {@link RegistryClient.repository}. */
export interface RepositoryOptions {
  /** Whether mirrors are asked, for reading; `true` by default. */
  readonly mirrors?: boolean
}

/** Registries, over one transport. */
export interface RegistryClient {
  /**
   * The client of a repository, given in normal or familiar form.
   *
   * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
   */
  repository(name: string | Repository, options?: RepositoryOptions): RepositoryClient
  /**
   * The paths of the repositories of a registry, in its order, page by page while they are read. Many registries do not
   * serve this list, or only to some users.
   *
   * @param domain such as `registry.example:5000`
   * @throws RegistryListingError `ERR_REGISTRY_LISTING`
   */
  catalog(domain: string, options?: AbortOptions): AsyncIterable<string>
  /**
   * Asks a registry, not its mirrors, whether it accepts credentials.
   *
   * @throws RegistryUnauthorizedError `ERR_REGISTRY_UNAUTHORIZED`
   * @throws UrlRefusedError `ERR_URL_REFUSED` for a token server that may not see them
   */
  checkLogin(domain: string, credentials: Credentials, options?: AbortOptions): Promise<CheckedLogin>
  /**
   * Searches a registry, where it offers that.
   *
   * @throws RangeError for a limit that is none
   */
  search(domain: string, term: string, options?: SearchOptions): Promise<FoundRepository[]>
  /** The same client for another user: it shares all but credentials and the tokens got with them. */
  withCredentials(credentials: CredentialSource): RegistryClient
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
  const lowered = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  const { plainHttp = isLoopbackHost, userAgent = 'drayage', onEvent = () => {} } = options
  const endpoints: EndpointSource =
    options.endpoints ?? ((name) => Promise.resolve([registryItself(name.domain, plainHttp)]))
  const { http, credentials, isTrustedHost, isTrustedRealm } = options
  return clientOf({
    endpoints,
    open: {
      http,
      credentials,
      isTrustedHost,
      isTrustedRealm,
      userAgent,
      headers: Object.fromEntries(lowered),
      now,
      onEvent,
    },
    uploads: { uploadSessions, chunkBytes, now },
    health: createEndpointHealth(now),
  })
}

interface ClientParts {
  readonly endpoints: EndpointSource
  readonly open: OpenEndpointOptions
  readonly uploads: UploaderOptions
  readonly health: EndpointHealth
}

function clientOf(parts: ClientParts): RegistryClient {
  const { endpoints, open, uploads, health } = parts
  const opened = new LruMap<Endpoint>(MAX_REMEMBERED)
  const endpointAt = (spec: RegistryEndpoint, domain: string): Endpoint => {
    const key = JSON.stringify([domain, spec])
    const endpoint = opened.get(key) ?? openEndpoint(spec, domain, open)
    opened.set(key, endpoint)
    return endpoint
  }
  const itself = async (domain: string, options?: AbortOptions): Promise<RegistryEndpoint> => {
    const found = (await endpoints({ domain }, options)).find(
      ({ isMirror, uses }) => !isMirror && uses.includes('push'),
    )
    if (found === undefined) throw new TypeError(`Cannot ask "${domain}": found no endpoint, expected one`)
    return found
  }
  return {
    repository: (text, { mirrors = true } = {}) => {
      const { domain, path } = typeof text === 'string' ? parseRepository(text) : text
      const name = { domain, path }
      // What no server may be asked for is refused at once.
      registryHost(domain)
      repositoryPath(name)
      const clients = new LruMap<RepositoryClient>(MAX_ENDPOINTS)
      const clientAt = (spec: RegistryEndpoint): Route => {
        const key = JSON.stringify(spec)
        const endpoint = endpointAt(spec, domain)
        const there = spec.path === undefined ? name : { domain: endpoint.host, path: spec.path }
        const client = clients.get(key) ?? createRepositoryClient(endpoint, there, uploads)
        clients.set(key, client)
        return { key, host: endpoint.host, uses: spec.uses, isMirror: spec.isMirror, client }
      }
      const findRoutes = async (options: AbortOptions): Promise<readonly Route[]> =>
        (await endpoints(name, options)).filter(({ isMirror }) => mirrors || !isMirror).map(clientAt)
      return createRoutedRepository(findRoutes, { name, health, onEvent: open.onEvent })
    },
    catalog: (domain, options) => {
      registryHost(domain)
      return (async function* () {
        yield* listCatalog(endpointAt(await itself(domain, options), domain), options)
      })()
    },
    checkLogin: async (domain, credentials, options) =>
      await checkLogin(await itself(domain, options), domain, credentials, { ...open, ...options }),
    search: async (domain, term, options) =>
      await searchRegistry(await itself(domain, options), domain, term, { ...open, ...options }),
    withCredentials: (credentials) => clientOf({ ...parts, open: { ...open, credentials } }),
  }
}
