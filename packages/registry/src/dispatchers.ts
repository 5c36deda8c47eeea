import { Agent, ProxyAgent, type buildConnector, type Dispatcher } from 'undici'

import { STALL_TIMEOUT_MS } from './limits.ts'
import { LruMap } from './lru-map.ts'

/** Options of `undiciClient`. */
export interface DispatcherOptions {
  /** The most connections to one origin; 32 by default. */
  readonly connections?: number
  /** The most bytes of the headers of an answer; 64 KiB by default. */
  readonly maxHeaderBytes?: number
  /** How long a connection may take, with TLS; 30 000 by default. */
  readonly connectTimeoutMs?: number
  /** How long the headers of an answer may take; 60 000 by default. */
  readonly headersTimeoutMs?: number
  /** How long a body may bring no byte; 30 000 by default. Timers have a grain of up to a second. */
  readonly bodyTimeoutMs?: number
  /** Whether HTTP/2 may be used; `false` by default, since one connection for each download is faster. */
  readonly allowH2?: boolean
  /** Certificates in PEM to trust in place of the system's. */
  readonly ca?: string | readonly string[]
  /** A client certificate in PEM, with its key. */
  readonly cert?: string
  /** The key of `cert`, in PEM. */
  readonly key?: string
  /** `false` accepts any certificate; `true` by default. */
  readonly rejectUnauthorized?: boolean
  /** The proxy for a URL, such as `proxyFromEnvironment(process.env)`; none by default. */
  readonly proxy?: string | ((url: string) => string | undefined)
}

/** Gives the dispatcher for a URL. */
export interface Dispatchers {
  /** With kept-alive connections. */
  pooled(url: string): Dispatcher
  /** With a new connection for each request. */
  fresh(url: string): Dispatcher
  close(): Promise<void>
}

const MAX_PROXIES = 64

type AgentSettings = Omit<Agent.Options, 'connect'> & { readonly connect: buildConnector.BuildOptions }

/** Creates the dispatchers: one pair for direct connections and one for each proxy. */
export function createDispatchers(options: DispatcherOptions): Dispatchers {
  const settings = agentSettings(options)
  const opened: Dispatcher[] = []
  const known = new LruMap<Dispatcher>(MAX_PROXIES * 2)
  const dispatcher = (url: string, isFresh: boolean): Dispatcher => {
    const proxy = typeof options.proxy === 'function' ? options.proxy(url) : options.proxy
    const key = `${isFresh ? 'fresh' : 'pooled'} ${proxy ?? ''}`
    const found = known.get(key)
    if (found !== undefined) return found
    const chosen = isFresh ? { ...settings, pipelining: 0 } : settings
    const { connect, ...rest } = chosen
    const created =
      proxy === undefined
        ? new Agent(chosen)
        : new ProxyAgent({ ...rest, uri: proxy, requestTls: connect, proxyTls: connect })
    opened.push(created)
    known.set(key, created)
    return created
  }
  return {
    pooled: (url) => dispatcher(url, false),
    fresh: (url) => dispatcher(url, true),
    close: async () => {
      await Promise.all(opened.splice(0).map((entry) => entry.close()))
    },
  }
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
