import { connect, createServer, type Socket } from 'node:net'

import { listen } from './socket-server.ts'

/** What a proxy does once, when so many bytes have gone to the server. */
export interface TcpFault {
  readonly kind: 'reset' | 'stall'
  readonly afterBytes: number
}

/** A proxy on loopback that strikes once and is then faithful. */
export interface TcpProxy extends AsyncDisposable {
  readonly host: string
  /** Whether it has struck. */
  hasStruck(): boolean
}

/** Starts it in front of a server on loopback. */
export async function tcpProxy(target: string, fault: TcpFault): Promise<TcpProxy> {
  const port = Number(target.split(':').at(-1))
  const sockets = new Set<Socket>()
  let bytes = 0
  let hasStruck = false
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    upstream.pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    client.on('data', (chunk) => {
      bytes += chunk.byteLength
      if (!upstream.write(chunk)) {
        client.pause()
        upstream.once('drain', () => client.resume())
      }
      if (hasStruck || bytes < fault.afterBytes) return
      hasStruck = true
      upstream.removeAllListeners('drain')
      if (fault.kind === 'stall') client.pause()
      // What was written reaches the server before the connection breaks.
      else upstream.end(() => client.resetAndDestroy())
    })
  })
  const ownPort = await listen(server)
  return {
    host: `127.0.0.1:${ownPort}`,
    hasStruck: () => hasStruck,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
