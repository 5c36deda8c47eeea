import { quote, type AbortOptions } from '@drayage/bytes'
import type { Repository } from '@drayage/reference'

import type { Scheme } from './scheme.ts'

/**
 * What an endpoint is used for: resolving tags (`resolve`), content by its digest (`pull`), or everything else (`push`):
 * uploads, tagging, deletions, lists and logins.
 */
export type EndpointUse = 'resolve' | 'pull' | 'push'

/** A server that is asked for the content of a registry: the registry itself, or a mirror of it. */
export interface RegistryEndpoint {
  /**
   * The address of its API: a scheme, a host and, where it is not `/v2`, a path, such as `https://mirror.example` or
   * `https://mirror.example/cache/v2`.
   */
  readonly url: string
  /** A mirror is never asked for `push`, whatever it says here. */
  readonly uses: readonly EndpointUse[]
  readonly isMirror: boolean
  /**
   * Whether the other scheme is tried when the server does not speak that of `url`; `false` by default. Once https has
   * answered, http is not tried again.
   */
  readonly isInsecure?: boolean
  /** The path of the repository at this endpoint, when it differs. */
  readonly path?: string
  /**
   * The name that credentials are looked up by; its own host and port by default, so that a mirror never gets those of the
   * registry.
   */
  readonly credentialsHost?: string
  /** Added to requests as `ns=`, which tells mirrors of several registries which one is asked for. */
  readonly namespace?: string
  /** Headers for its requests, in lower case; they go to its own origin only. */
  readonly headers?: Readonly<Record<string, string>>
  /** Hosts, with a port when it is not 443, of token servers elsewhere that may see the user's credentials; none by default. */
  readonly trustedRealms?: readonly string[]
  /**
   * Whether an https server may send for blobs, and for uploads, to http URLs; `false` by default. The bytes are verified and
   * no credentials go along, but anyone on the way can read them.
   */
  readonly allowsHttpBlobs?: boolean
}

/**
 * Gives the endpoints of a repository in the order in which they are asked, the registry itself last. It is called at every
 * operation, so that a configuration can change. A repository without a path stands for the whole registry.
 */
export type EndpointSource = (
  name: Pick<Repository, 'domain'> & Partial<Repository>,
  options?: AbortOptions,
) => Promise<readonly RegistryEndpoint[]>

/** All uses, which those of the registry itself are. */
export const ALL_USES: readonly EndpointUse[] = ['resolve', 'pull', 'push']

/**
 * The registry itself: by https, or, where `isPlainHttp` says so, by http first.
 *
 * @throws TypeError when `domain` is not a host with an optional port
 */
export function registryItself(domain: string, isPlainHttp: (host: string) => boolean): RegistryEndpoint {
  assertHost(domain)
  // Docker Hub is served under another host name.
  const isHub = domain === 'docker.io' || domain === 'index.docker.io'
  const host = isHub ? 'registry-1.docker.io' : domain
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
    const shown = quote(text.replace(/\/\/[^/]*@/, '//***@'))
    throw new TypeError(`Cannot address endpoint ${shown}: it is not of the form http(s)://host[:port][/path]`)
  }
  const trimmed = path.replace(/\/+$/, '')
  return { scheme, host, path: trimmed === '' ? '/v2' : trimmed }
}

/** Throws unless `domain` is a host with an optional port. @throws TypeError */
export function assertHost(domain: string): void {
  if (!isHost(domain))
    throw new TypeError(`Cannot address registry ${quote(domain)}: it is not a host with an optional port`)
}

function isHost(text: string): boolean {
  const url = URL.parse(`https://${text}/`)
  return url !== null && url.pathname === '/' && !/[\s/?#@\\%]/.test(text) && url.href === `https://${url.host}/`
}
