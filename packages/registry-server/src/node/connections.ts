import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'

import { openFilesLimit } from '@drayage/files'

/** How many connections a server has at most. */
export interface ConnectionLimits {
  /** In all; {@link mostConnections} of one server by default. */
  readonly total?: number | undefined
  /** From one address; half of `total` by default. A socket that is a file has no addresses. */
  readonly perAddress?: number | undefined
}

/** Of the descriptors that a process may open, its servers get half: the work behind them needs files and connections too. */
const SHARE = 0.5

const MOST = 1024
const LEAST = 4

/**
 * How many connections each of `servers` servers of this process may have: 1024, or as many as fit in half of the
 * descriptors that it may open.
 */
export function mostConnections(servers: number): number {
  return Math.max(LEAST, Math.min(MOST, Math.floor((openFilesLimit() * SHARE) / servers)))
}

interface Connection {
  readonly socket: Socket
  readonly address: string
  /** Requests that are being answered. */
  requests: number
}

/**
 * Keeps a server within its limits. A further connection takes the place of the one that has waited longest for a
 * request, or for the end of its headers; while all have requests, it is closed instead.
 */
export function limitConnections(server: Server | SecureServer, limits: ConnectionLimits = {}): void {
  const { total = mostConnections(1), perAddress = Math.ceil(total / 2) } = limits
  /** The one that waits longest is the first; those with requests are not among them. */
  const idle = new Map<string | Socket, Connection>()
  const all = new Map<string | Socket, Connection>()
  const counts = new Map<string, number>()

  const drop = (key: string | Socket): void => {
    const connection = all.get(key)
    if (connection === undefined) return
    all.delete(key)
    idle.delete(key)
    const left = (counts.get(connection.address) ?? 1) - 1
    if (left === 0) counts.delete(connection.address)
    else counts.set(connection.address, left)
  }
  const makeRoom = (from?: string): boolean => {
    for (const [key, { socket, address }] of idle) {
      if (from !== undefined && address !== from) continue
      drop(key)
      socket.destroy()
      return true
    }
    return false
  }
  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket)
    const address = socket.remoteAddress ?? ''
    const isOneTooMany = address !== '' && (counts.get(address) ?? 0) >= perAddress
    if ((isOneTooMany && !makeRoom(address)) || (all.size >= total && !makeRoom())) return void socket.destroy()
    const connection = { socket, address, requests: 0 }
    all.set(key, connection)
    idle.set(key, connection)
    counts.set(address, (counts.get(address) ?? 0) + 1)
    socket.once('close', () => {
      if (all.get(key) === connection) drop(key)
    })
  })
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const key = keyOf(request.socket)
    const connection = all.get(key)
    if (connection === undefined) return
    connection.requests++
    idle.delete(key)
    response.once('close', () => {
      connection.requests--
      if (connection.requests === 0 && all.get(key) === connection) idle.set(key, connection)
    })
  }
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
}

/** What a connection is known by, also behind TLS, which has a socket of its own. */
function keyOf(socket: Socket): string | Socket {
  const { remoteAddress, remotePort } = socket
  return remoteAddress === undefined || remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`
}
