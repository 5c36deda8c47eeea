import net from 'node:net'

/** A TCP proxy on loopback that counts what clients send, so that a push can be killed in the middle. */
export interface MeteredProxy extends AsyncDisposable {
  /** Such as `127.0.0.1:5001`. */
  readonly host: string
  /** Bytes of all clients since the start, headers among them. */
  bytes(): number
  /** Calls `work` once, after so many more bytes. */
  after(bytes: number, work: () => void): void
}

/** Starts a proxy to `target` (`host:port`). What a client sent before it left still arrives. */
export async function startMeteredProxy(target: string): Promise<MeteredProxy> {
  const [host = '', port = ''] = target.split(':')
  const open = new Set<net.Socket>()
  let bytes = 0
  let due: { readonly at: number; readonly work: () => void } | undefined
  const server = net.createServer((client) => {
    const upstream = net.connect({ host, port: Number(port) })
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => open.delete(socket))
    }
    client.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (due === undefined || bytes < due.at) return
      const { work } = due
      due = undefined
      work()
    })
    client.pipe(upstream).pipe(client)
    // A killed client ends or resets its connection; either way the registry sees an end.
    client.on('close', () => upstream.end())
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('Cannot start the proxy: found no address')
  return {
    host: `127.0.0.1:${address.port}`,
    bytes: () => bytes,
    after: (more, work) => void (due = { at: bytes + more, work }),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
