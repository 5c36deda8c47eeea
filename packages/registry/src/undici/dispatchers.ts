import type { LookupFunction } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

import { createLruMap } from '@drayage/bytes'
import type { HttpRequest } from '@drayage/content'
import { Agent, ProxyAgent, type buildConnector, type Dispatcher } from 'undici'

import { STALL_TIMEOUT_MS } from '../limits.ts'
import { createNameGate } from './name-gate.ts'

/** Options of `undiciClient`. */
export interface DispatcherOptions {
  /** The most connections to one origin; 32 by default. */
  readonly connections?: number
  /** The most bytes of the headers of an answer; 64 KiB by default. */
  readonly maxHeaderBytes?: number
  /** How long connecting may take, including TLS; 30 000 by default. */
  readonly connectTimeoutMs?: number
  /** How long the headers of an answer may take; 60 000 by default. */
  readonly headersTimeoutMs?: number
  /** How long a body may bring no byte; 30 000 by default. Timers are accurate to a second. */
  readonly bodyTimeoutMs?: number
  /** Whether HTTP/2 may be used; `false` by default, since one connection for each download is faster. */
  readonly allowH2?: boolean
  /** Certificates in PEM to trust instead of the system's. */
  readonly ca?: string | readonly string[]
  /** A client certificate in PEM, with its key. */
  readonly cert?: string
  /** The key of `cert`, in PEM. */
  readonly key?: string
  /** `false` accepts any certificate; `true` by default. */
  readonly rejectUnauthorized?: boolean
  /**
   * The TLS settings of one host (with its port, when it is not 443), instead of the options above; `undefined` for these.
   * It is called for each request, and connections are shared as long as it gives the same object.
   */
  readonly tls?: (host: string) => Promise<HostTls | undefined>
  /** How names of hosts are looked up; as the system does by default. */
  readonly lookup?: LookupFunction
  /** The proxy for a URL, such as `proxyFromEnvironment(process.env)`; none by default. */
  readonly proxy?: string | ((url: string) => string | undefined)
}

/** The TLS settings of one host. */
export interface HostTls {
  /** Certificates in PEM to trust in addition to those of Node. */
  readonly ca?: readonly string[]
  /** A client certificate in PEM, with its key. */
  readonly cert?: string
  /** The key of `cert`, in PEM. */
  readonly key?: string
  /** Whether any certificate is accepted; `false` by default. */
  readonly isInsecure?: boolean
}

/** What {@link HostTls} becomes in the options of a connection. */
interface TlsConnect {
  readonly secureContext: SecureContext
  readonly rejectUnauthorized: boolean
}

/** The context of TLS for a host. It is made once: reading a hundred certificates takes longer than a handshake. */
function connectBy({ ca, cert, key, isInsecure = false }: HostTls): TlsConnect {
  const secureContext = createSecureContext({
    ...(ca !== undefined && { ca: [...getCACertificates('default'), ...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  })
  return { secureContext, rejectUnauthorized: !isInsecure }
}

/** Where a request goes, and who named it. */
type Destination = Pick<HttpRequest, 'url' | 'namedBy'>

/** Gives the dispatcher for a URL. @throws UrlRefusedError `ERR_URL_REFUSED` for an address that its server may not name */
export interface Dispatchers {
  /** With kept-alive connections. */
  pooled(to: Destination): Promise<Dispatcher>
  /** With a new connection for each request. */
  fresh(to: Destination): Promise<Dispatcher>
  close(): Promise<void>
}

/** More than there are ways of TLS, proxies and reaches in use. */
const MAX_PROXIES = 64

type AgentSettings = Omit<Agent.Options, 'connect'> & { readonly connect: buildConnector.BuildOptions }

/** Creates the dispatchers: one pair for direct connections and one for each proxy, for each way of TLS. */
export function createDispatchers(options: DispatcherOptions): Dispatchers {
  const settings = agentSettings(options)
  const opened: Dispatcher[] = []
  const known = createLruMap<string, Dispatcher>({ maxEntries: MAX_PROXIES * 2 })
  const ways = new WeakMap<HostTls, TlsWay>()
  let count = 0
  const wayOf = async (url: URL): Promise<TlsWay | undefined> => {
    const tls = url.protocol === 'https:' ? await options.tls?.(url.host) : undefined
    if (tls === undefined) return undefined
    const way = ways.get(tls) ?? { id: ++count, connect: connectBy(tls) }
    ways.set(tls, way)
    return way
  }
  const gate = createNameGate(options.lookup)
  const dispatcher = async ({ url, namedBy }: Destination, isFresh: boolean): Promise<Dispatcher> => {
    const way = await wayOf(new URL(url))
    const proxy = typeof options.proxy === 'function' ? options.proxy(url) : options.proxy
    // A proxy looks names up itself.
    const reach = namedBy === undefined || proxy !== undefined ? undefined : gate.reachOf(namedBy)
    if (reach !== undefined) gate.assertAddress(new URL(url).hostname, reach)
    const key = `${isFresh ? 'fresh' : 'pooled'} ${way?.id ?? 0} ${reach ?? ''} ${proxy ?? ''}`
    const found = known.get(key)
    if (found !== undefined) return found
    const { connect, ...rest } = isFresh ? { ...settings, pipelining: 0 } : settings
    const toHost = way === undefined ? connect : { ...connect, ...way.connect }
    const created =
      proxy === undefined
        ? new Agent({ ...rest, connect: { ...toHost, lookup: gate.lookup(reach) } })
        : new ProxyAgent({ ...rest, uri: proxy, requestTls: toHost, proxyTls: connect })
    opened.push(created)
    known.set(key, created)
    return created
  }
  return {
    pooled: (to) => dispatcher(to, false),
    fresh: (to) => dispatcher(to, true),
    close: async () => {
      await Promise.all(opened.splice(0).map((entry) => entry.close()))
    },
  }
}

interface TlsWay {
  readonly id: number
  readonly connect: TlsConnect
}

function agentSettings(options: DispatcherOptions): AgentSettings {
  const { connections = 32, maxHeaderBytes = 64 * 1024, connectTimeoutMs = 30_000, headersTimeoutMs = 60_000 } = options
  const { bodyTimeoutMs = STALL_TIMEOUT_MS, allowH2 = false, ca, cert, key, rejectUnauthorized = true } = options
  const tls = {
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
  return {
    connections,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    allowH2,
    connect: { ...tls, timeout: connectTimeoutMs, rejectUnauthorized, allowH2 },
  }
}
