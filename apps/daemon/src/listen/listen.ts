import { once } from 'node:events'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'

import type { HttpClient } from '@drayage/content'
import { serveOn, type RequestEvent, type Served } from '@drayage/registry-server/node'

import { ConfigError } from '../errors.ts'
import { guardBrowser, ownHosts } from './guard-browser.ts'
import { isLoopback, type Host } from './parse-host.ts'
import { systemdSockets } from './systemd.ts'
import type { TlsSettings } from './tls.ts'
import { defaultGroup, listenOnSocket } from './unix-socket.ts'

/** Options of {@link listen}. */
export interface ListenOptions {
  readonly tls?: TlsSettings | undefined
  /** Group of unix sockets. */
  readonly group?: string | undefined
  /** Whether the handler checks itself who may do what, so that TCP needs neither TLS nor a flag. */
  readonly isGuarded?: boolean
  /** Whether TCP on this machine needs no TLS. */
  readonly loopbackWithoutTls: boolean
  /** Additional names by which TCP clients may address the daemon. */
  readonly allowedHosts: readonly string[]
  readonly maxConnections: number
  readonly graceMs: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onRequest: (event: RequestEvent) => void
}

/** The most bytes of the headers of a request, where clients send credentials. */
const MAX_HEADER_BYTES = 128 * 1024

/** How long a client may stay silent in the middle of a body, in milliseconds; it can resume the upload later. */
const BODY_IDLE_MS = 600_000

/** Only the headers of a request have a time limit. */
const SERVER_OPTIONS: ServerOptions = {
  requestTimeout: 0,
  headersTimeout: 30_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: MAX_HEADER_BYTES,
  // A client whose machine is gone does not close its connection: the system probes it.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
}

/** What listens, and where. */
export interface Listening extends Served {
  /** The places, as clients name them. */
  readonly places: readonly string[]
}

/**
 * Serves a handler at a host. TCP needs TLS with client certificates, or an explicit option for this machine alone;
 * requests from web pages are refused there.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function listen(host: Host, handler: HttpClient, options: ListenOptions): Promise<Listening> {
  switch (host.kind) {
    case 'unix': {
      const server = createServer(SERVER_OPTIONS)
      const served = answerOn(server, handler, options)
      await listenOnSocket(server, host.path, options.group ?? (await defaultGroup()))
      return { ...served, places: [`unix://${host.path}`] }
    }
    case 'systemd': {
      const all = await Promise.all(systemdSockets(options.env).map((fd) => listenOnDescriptor(fd, handler, options)))
      return {
        places: all.flatMap(({ places }) => places),
        close: async () => void (await Promise.all(all.map((each) => each.close()))),
        [Symbol.asyncDispose]: async () => void (await Promise.all(all.map((each) => each.close()))),
      }
    }
    case 'tcp':
      return await listenOnPort(host, handler, options)
  }
}

/**
 * Refuses to serve TCP to clients that nothing authenticates: they could do everything that the daemon can.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export function assertMayServe(
  { address, port }: Pick<Host & { readonly kind: 'tcp' }, 'address' | 'port'>,
  { tls, isGuarded = false, loopbackWithoutTls }: Pick<ListenOptions, 'tls' | 'isGuarded' | 'loopbackWithoutTls'>,
): void {
  if (isGuarded || tls?.requestCert === true || (isLoopback(address) && loopbackWithoutTls)) return
  throw new ConfigError(
    `Cannot listen on tcp://${address}:${port}: every client that reaches it could do everything that the daemon can`,
    {
      hint: 'Set tls-cert, tls-key and tls-client-ca to require client certificates. For an address of this machine, loopback-without-tls is enough.',
    },
  )
}

async function listenOnDescriptor(fd: number, handler: HttpClient, options: ListenOptions): Promise<Listening> {
  const server = createServer(SERVER_OPTIONS)
  const served = answerOn(server, handler, options)
  server.listen({ fd })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') return { ...served, places: [`fd://${fd}`] }
  await served.close()
  throw new ConfigError('Cannot listen on "fd://": systemd passed a TCP socket, expected a unix socket')
}

async function listenOnPort(
  { address, port }: Host & { readonly kind: 'tcp' },
  handler: HttpClient,
  options: ListenOptions,
): Promise<Listening> {
  const { tls, isGuarded = false } = options
  assertMayServe({ address, port }, options)
  const server = tls === undefined ? createServer(SERVER_OPTIONS) : createSecureServer({ ...SERVER_OPTIONS, ...tls })
  let isOwnHost: (name: string) => boolean = () => false
  const guarded = isGuarded ? handler : guardBrowser(handler, (name) => isOwnHost(name))
  const served = answerOn(server, guarded, options)
  server.listen(port, address)
  await once(server, 'listening')
  const bound = server.address()
  const chosen = bound === null || typeof bound === 'string' ? port : bound.port
  isOwnHost = ownHosts(address, chosen, options.allowedHosts)
  return { ...served, places: [`tcp://${address.includes(':') ? `[${address}]` : address}:${chosen}`] }
}

function answerOn(server: Server | SecureServer, handler: HttpClient, options: ListenOptions): Served {
  const bodyIdleMs = options.isGuarded === true ? BODY_IDLE_MS : undefined
  const { graceMs, onRequest, maxConnections } = options
  return serveOn(server, handler, { graceMs, onRequest, bodyIdleMs, connections: { total: maxConnections } })
}
