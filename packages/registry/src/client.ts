import { createLruMap, quote, type AbortOptions } from '@drayage/bytes'
import type { Fetcher, HttpClient } from '@drayage/content'
import { parseRepository, type Repository } from '@drayage/reference'

import { verifyLogin, type CheckedLogin } from './auth/verify-login.ts'
import type { Credentials, CredentialSource } from './auth/credentials.ts'
import { openEndpoint, type Endpoint, type OpenEndpointOptions } from './endpoints/endpoint.ts'
import { createEndpointHealth, type EndpointHealth } from './endpoints/endpoint-health.ts'
import type { RemoteRepository } from './endpoints/fallback.ts'
import {
  assertHost,
  registryItself,
  type EndpointSource,
  type RegistryEndpoint,
} from './endpoints/registry-endpoint.ts'
import { repositoryPath } from './endpoints/repository-path.ts'
import type { OnRegistryEvent } from './events.ts'
import { isLoopbackHost } from './gate/address.ts'
import type { RealmRule } from './gate/credential-gate.ts'
import type { UrlGateOptions } from './gate/url-gate.ts'
import { CHUNK_CEILING_BYTES, MAX_REMEMBERED } from './limits.ts'
import { fetchForeign } from './read/fetch-foreign.ts'
import { listCatalog } from './read/list-tags.ts'
import { searchRegistry, type FoundRepository, type SearchOptions } from './read/search.ts'
import { createRepositoryClient, type RepositoryClient } from './repository-client.ts'
import { createMemorySessions, type UploadSessionStore } from './upload/session-store.ts'
import type { UploaderOptions } from './upload/uploader.ts'

/** Options of {@link createRegistryClient}. */
export interface RegistryClientOptions extends UrlGateOptions {
  /** The transport, such as `undiciClient()` of `@drayage/registry/undici`. */
  readonly http: HttpClient
  /** Where credentials come from, when a registry asks for some; without it all requests are anonymous. */
  readonly credentials?: CredentialSource
  /** `drayage` by default. */
  readonly userAgent?: string
  /**
   * Headers of every request to a registry, such as `x-meta-build`; none by default. Their names begin with `x-`. They are
   * sent to the registry only, not to token servers, mirrors, or hosts that it redirects to.
   */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Tells whether a host (with its port, when it has one) is asked by plain http first; by default this machine's own
   * names and addresses: `localhost`, `127.0.0.0/8` and `[::1]`. If it speaks only TLS, it is asked by https.
   */
  readonly plainHttp?: (host: string) => boolean
  /** Tells which token servers, beyond those on the registry's own domain, may see the user's credentials. */
  readonly isTrustedRealm?: RealmRule
  /**
   * Gives the endpoints of each repository: mirrors, and the registry itself. By default there are no mirrors, and the
   * registry is at its domain.
   */
  readonly endpoints?: EndpointSource
  readonly onEvent?: OnRegistryEvent
  /** Keeps the sessions of unfinished uploads; in memory by default, so that they end with the client. */
  readonly uploadSessions?: UploadSessionStore
  /**
   * Sends content of more than 4 MiB in chunks of this many bytes, at most 64 MiB, which are held in memory. By default it
   * goes in one request, or in chunks of 8 MiB where that fails. Some registries continue an upload only where a whole
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

/** Stands for a registry that is not known: it may lead to public addresses by https only. */
const NOWHERE: RegistryEndpoint = { url: 'https://registry.invalid', uses: ['pull'], isMirror: false }

/** Registries, over one transport. */
export interface RegistryClient {
  /**
   * The client of a repository, given in normal or familiar form: the same one while it is in use, so that those who push to
   * it know of each other.
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
   * @throws RangeError when the limit is not an integer from 1 to 100
   */
  search(domain: string, term: string, options?: SearchOptions): Promise<FoundRepository[]>
  /**
   * Gives foreign layers from the URLs that their descriptors name, without credentials and verified. They may lead where a
   * registry may redirect to.
   *
   * @param domain the registry that named the layers; without one, they have to be at public addresses by https
   */
  foreignLayers(domain?: string): Fetcher
  /** The same client for another user: it shares all but credentials and the tokens got with them. */
  withCredentials(credentials: CredentialSource): RegistryClient
}

/**
 * Creates a client of all registries.
 *
 * @throws RangeError when `chunkBytes` is not an integer from 1 to 64 Mi, or the name of a header does not begin with `x-`
 */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { uploadSessions = createMemorySessions(), chunkBytes, now = performance.now.bind(performance) } = options
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
    throw new RangeError(`Cannot send header ${quote(odd)}: expected a name that begins with x-`)
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
  const opened = createLruMap<string, Endpoint>({ maxEntries: MAX_REMEMBERED })
  const endpointAt = (spec: RegistryEndpoint, domain: string): Endpoint => {
    const key = JSON.stringify([domain, spec])
    const endpoint = opened.get(key) ?? openEndpoint(spec, domain, open)
    opened.set(key, endpoint)
    return endpoint
  }
  const itself = async (domain: string, options?: AbortOptions): Promise<RegistryEndpoint> => {
    const found = await endpoints({ domain }, options)
    const registry = found.find(({ isMirror, uses }) => !isMirror && uses.includes('push'))
    if (registry === undefined)
      throw new TypeError(`Cannot ask "${domain}": no endpoint is that of the registry itself`)
    return registry
  }
  // Held by those who use them: what a client remembers for its pushes need not outlive them.
  const repositories = createLruMap<string, WeakRef<RepositoryClient>>({ maxEntries: MAX_REMEMBERED })
  return {
    repository: (text, { mirrors = true } = {}) => {
      const { domain, path } = typeof text === 'string' ? parseRepository(text) : text
      const name = { domain, path }
      assertHost(domain)
      repositoryPath(path)
      const key = JSON.stringify([domain, path, mirrors])
      const known = repositories.get(key)?.deref()
      if (known !== undefined) return known
      const remoteAt = (spec: RegistryEndpoint): RemoteRepository => {
        const endpoint = endpointAt(spec, domain)
        const there = spec.path === undefined ? name : { domain: endpoint.host, path: spec.path }
        const { uses, isMirror } = spec
        return { key: JSON.stringify(spec), endpoint, name: there, path: repositoryPath(there.path), uses, isMirror }
      }
      const find = async (options: AbortOptions): Promise<readonly RemoteRepository[]> =>
        (await endpoints(name, options)).filter(({ isMirror }) => mirrors || !isMirror).map(remoteAt)
      const repository = createRepositoryClient({ name, health, onEvent: open.onEvent, find }, uploads)
      repositories.set(key, new WeakRef(repository))
      return repository
    },
    catalog: (domain, options) => {
      assertHost(domain)
      return (async function* () {
        yield* listCatalog(endpointAt(await itself(domain, options), domain), options)
      })()
    },
    checkLogin: async (domain, credentials, options) =>
      await verifyLogin(await itself(domain, options), domain, credentials, { ...open, ...options }),
    search: async (domain, term, options) =>
      await searchRegistry(await itself(domain, options), domain, term, { ...open, ...options }),
    foreignLayers: (domain) => ({
      async *fetch(what, options = {}) {
        const { signal } = options
        const spec = domain === undefined ? NOWHERE : await itself(domain, { signal })
        yield* fetchForeign(endpointAt(spec, domain ?? 'registry.invalid'), what, options)
      },
    }),
    withCredentials: (credentials) => clientOf({ ...parts, open: { ...open, credentials } }),
  }
}
