import type { AbortOptions } from '@drayage/bytes'
import type { Repository } from '@drayage/reference'

import type { Scheme } from './endpoint.ts'

/**
 * What an endpoint is asked for: what a tag stands for (`resolve`), content by its digest (`pull`), or everything else
 * (`push`): uploads, tags given, deletions, lists and logins.
 */
export type EndpointUse = 'resolve' | 'pull' | 'push'

/** A server that is asked for the content of a registry: the registry itself, or a mirror of it. */
export interface RegistryEndpoint {
  /**
   * Where its API is: a scheme, a host and, where it is not `/v2`, a path, such as `https://mirror.example` or
   * `https://mirror.example/cache/v2`.
   */
  readonly url: string
  /** A mirror is never asked for `push`, whatever it says here. */
  readonly uses: readonly EndpointUse[]
  readonly isMirror: boolean
  /**
   * Whether the other scheme is tried when that of `url` finds no server that speaks it; `false` by default. Once https has
   * answered, there is no way back to http.
   */
  readonly isInsecure?: boolean
  /** The path of the repository there, when it is another. */
  readonly path?: string
  /**
   * The name by which credentials are looked up; its own host and port by default, so that a mirror never gets those of
   * the registry.
   */
  readonly credentialsHost?: string
  /** Added to requests as `ns=`, by which mirrors of several registries tell which one is meant. */
  readonly namespace?: string
  /** Headers for its requests, in lower case; they go to its own origin only. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Gives the endpoints of a repository in the order in which they are asked, the registry itself last. It is asked at every
 * operation, so that what it answers may change. A repository without a path stands for the whole registry.
 */
export type EndpointSource = (
  name: Pick<Repository, 'domain'> & Partial<Repository>,
  options?: AbortOptions,
) => Promise<readonly RegistryEndpoint[]>

/** Everything that the registry itself is asked for. */
export const ALL_USES: readonly EndpointUse[] = ['resolve', 'pull', 'push']

/**
 * The registry itself: by https, or, where `isPlainHttp` says so, by http first.
 *
 * @throws TypeError when `domain` is not a host with an optional port
 */
export function registryItself(domain: string, isPlainHttp: (host: string) => boolean): RegistryEndpoint {
  const host = registryHost(domain)
  const isPlain = isPlainHttp(host)
  const url = `${isPlain ? 'http' : 'https'}://${host}`
  return { url, uses: ALL_USES, isMirror: false, isInsecure: isPlain, credentialsHost: domain }
}

/** The URL of an endpoint in parts. */
export interface EndpointBase {
  readonly scheme: Scheme
  /** With the port, when one was written. */
  readonly host: string
  /** Without a slash at its end. */
  readonly path: string
}

/**
 * Reads the URL of an endpoint.
 *
 * @throws TypeError when it is not http or https, or has user-info, a query or a fragment
 */
export function parseEndpointUrl(text: string): EndpointBase {
  const match = /^(https?):\/\/([^/?#@\\\s%]+)(\/[^?#\\\s]*)?$/.exec(text)
  const [, scheme, host = '', path = ''] = match ?? []
  const isKnown = scheme === 'http' || scheme === 'https'
  if (!isKnown || !isHost(host)) {
    const shown = JSON.stringify(text.replace(/\/\/[^/]*@/, '//***@').slice(0, 255))
    throw new TypeError(`Cannot address endpoint ${shown}: found another form, expected http(s)://host[:port][/path]`)
  }
  const trimmed = path.replace(/\/+$/, '')
  return { scheme, host, path: trimmed === '' ? '/v2' : trimmed }
}

/**
 * The host that serves a domain: Docker Hub's own is another than its name.
 *
 * @throws TypeError when `domain` is not a host with an optional port
 */
export function registryHost(domain: string): string {
  if (domain === 'docker.io' || domain === 'index.docker.io') return 'registry-1.docker.io'
  if (isHost(domain)) return domain
  throw new TypeError(
    `Cannot address registry ${JSON.stringify(domain.slice(0, 255))}: found another form, expected a host and port`,
  )
}

function isHost(text: string): boolean {
  const url = URL.parse(`https://${text}/`)
  return url !== null && url.pathname === '/' && !/[\s/?#@\\%]/.test(text) && url.href === `https://${url.host}/`
}
