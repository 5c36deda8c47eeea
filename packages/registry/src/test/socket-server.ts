import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A server that answers bytes with bytes, for what no HTTP server would send. */
export interface SocketServer extends AsyncDisposable {
  readonly host: string
  /** How many connections there were. */
  connections(): number
  /** How many of them are open. */
  open(): number
}

/** Starts a server on loopback; `onRequest` is called for each request with its number, from 1 on. */
export async function socketServer(
  onRequest: (socket: Socket, count: number, head: string) => void,
): Promise<SocketServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  let count = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    let head = ''
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const request = head
      head = ''
      onRequest(socket, ++count, request)
    })
  })
  const port = await listen(server)
  return {
    host: `127.0.0.1:${port}`,
    connections: () => connections,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Starts listening on a free port of loopback. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: string | AddressInfo | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
