import net from 'node:net'

/** A TCP proxy on loopback with a limited rate, so that a pull can be killed in the middle. */
export interface SlowProxy extends AsyncDisposable {
  /** Such as `127.0.0.1:5001`. */
  readonly host: string
}

const TICK_MS = 10

/** Starts a proxy to `target` (`host:port`) that passes `bytesPerSecond` to each client connection. */
export async function startSlowProxy(target: string, bytesPerSecond: number): Promise<SlowProxy> {
  const [host = '', port = ''] = target.split(':')
  const open = new Set<net.Socket>()
  const server = net.createServer((client) => {
    const upstream = net.connect({ host, port: Number(port) })
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => open.delete(socket))
    }
    client.pipe(upstream)
    passSlowly(upstream, client, bytesPerSecond)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('Cannot start the proxy: found no address')
  return {
    host: `127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/** Passes bytes from `upstream` to `client`, never reading ahead of the rate. */
function passSlowly(upstream: net.Socket, client: net.Socket, bytesPerSecond: number): void {
  let allowance = 0
  let held: Buffer | undefined
  const pass = (): void => {
    allowance = Math.min(allowance + (bytesPerSecond * TICK_MS) / 1000, bytesPerSecond)
    while (allowance > 0) {
      held ??= (upstream.read() as Buffer | null) ?? undefined
      if (held === undefined) return
      const part = held.subarray(0, Math.ceil(allowance))
      held = part.length === held.length ? undefined : held.subarray(part.length)
      allowance -= part.length
      client.write(part)
    }
  }
  const timer = setInterval(pass, TICK_MS)
  upstream.on('readable', () => {})
  upstream.on('end', () => {
    pass()
    if (held !== undefined) client.write(held)
    client.end()
  })
  client.on('close', () => clearInterval(timer))
}
