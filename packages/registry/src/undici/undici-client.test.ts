import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import { type AddressInfo, connect } from 'node:net'

import type { HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { createCertificate, randomBytes } from '@drayage/testkit'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import type { DispatcherOptions } from './dispatchers.ts'
import { bytesOf, failureFields } from '../test/image-registry.ts'
import { listen, socketServer } from '../test/socket-server.ts'
import { undiciClient } from './undici-client.ts'

const blob = randomBytes(3, 300_000)
const what = { mediaType: 'application/octet-stream', digest: digestOf(blob), size: blob.length }
const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${blob.length}\r\n\r\n`

async function get(
  url: string,
  options: DispatcherOptions & { method?: string; signal?: AbortSignal } = {},
): Promise<HttpResponse> {
  const { method = 'GET', signal, ...rest } = options
  await using http = undiciClient(rest)
  const response = await http({ method, url, headers: { 'x-a': 'b' }, signal })
  const bytes = await bytesOf(response.body)
  return {
    ...response,
    body: (async function* () {
      yield bytes
    })(),
  }
}

/** Waits until `check` holds. */
async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('undiciClient()', () => {
  it('gives status, headers and body, joins repeated headers and follows no redirect', async () => {
    const server = createHttpServer((request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2'])
      response.setHeader('www-authenticate', ['Basic realm="a"', 'Bearer realm="b"'])
      response.writeHead(302, { location: '/x', 'x-seen': `${request.method} ${request.headers['x-a']}` }).end('body')
    })
    const port = await listen(server)
    const response = await get(`http://127.0.0.1:${port}/`)
    expect(response.status).toBe(302)
    expect(response.headers).toMatchObject({
      'www-authenticate': 'Basic realm="a", Bearer realm="b"',
      'x-seen': 'GET b',
    })
    expect(response.headers).not.toHaveProperty('set-cookie')
    expect((await bytesOf(response.body)).toString()).toBe('body')
    expect((await bytesOf((await get(`http://127.0.0.1:${port}/`, { method: 'HEAD' })).body)).length).toBe(0)
    server.close()
  })

  it('sends a body', async () => {
    const server = createHttpServer((request, response) => {
      void bytesOf(request).then((bytes) => response.end(`${request.headers['content-length']} ${bytes.toString()}`))
    })
    const port = await listen(server)
    await using http = undiciClient()
    const body = (async function* () {
      yield new TextEncoder().encode('hello')
    })()
    const response = await http({
      method: 'POST',
      url: `http://127.0.0.1:${port}/`,
      headers: { 'content-length': '5' },
      body,
    })
    expect((await bytesOf(response.body)).toString()).toBe('5 hello')
    server.close()
  })

  it('does not undo an encoding', async () => {
    await using server = await socketServer((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc'),
    )
    expect((await bytesOf((await get(`http://${server.host}/`)).body)).toString()).toBe('abc')
  })

  it('reports host, address and errno of a refused connection', async () => {
    const server = createHttpServer()
    const port = await listen(server)
    await new Promise((resolve) => server.close(resolve))
    expect(await failureFields(get(`http://127.0.0.1:${port}/?sig=S3CR3T`))).toMatchObject({
      code: 'ERR_REGISTRY_UNREACHABLE',
      reason: 'refused',
      host: `127.0.0.1:${port}`,
      address: `127.0.0.1:${port}`,
      errno: 'ECONNREFUSED',
      retryable: true,
      method: 'GET',
      url: `http://127.0.0.1:${port}/?sig=***`,
    })
  })

  it('reports an unknown host name', async () => {
    expect(await failureFields(get('http://registry.invalid/'))).toMatchObject({
      reason: 'dns',
      host: 'registry.invalid',
      retryable: true,
    })
  })

  it('resumes after a reset in the middle of a body', async () => {
    await using server = await socketServer((socket, count, head) => {
      if (count === 1) {
        socket.write(Buffer.concat([Buffer.from(HEAD), blob.subarray(0, 100_000)]), () =>
          setTimeout(() => socket.resetAndDestroy(), 20),
        )
        return
      }
      const from = Number(/range: bytes=(\d+)-/i.exec(head)?.[1])
      const lines = [
        `Content-Range: bytes ${from}-${blob.length - 1}/${blob.length}`,
        `Content-Length: ${blob.length - from}`,
      ]
      socket.end(
        Buffer.concat([Buffer.from(`HTTP/1.1 206 Partial\r\n${lines.join('\r\n')}\r\n\r\n`), blob.subarray(from)]),
      )
    })
    await using http = undiciClient()
    const repository = createRegistryClient({ http }).repository({ domain: server.host, path: 'repo' })
    const chunks: Uint8Array[] = []
    const read = async (offset: number): Promise<void> => {
      for await (const chunk of repository.fetch(what, { offset })) chunks.push(chunk)
    }
    const error = await failureFields(read(0))
    const offset = Buffer.concat(chunks).length
    expect(error).toMatchObject({
      code: 'ERR_REGISTRY_TRUNCATED',
      retryable: true,
      actualBytes: offset,
      cause: { reason: 'reset' },
    })
    await read(offset)
    expect(digestOf(Buffer.concat(chunks))).toBe(what.digest)
  })

  it.each([
    ['the connection ends early', HEAD, 'reset'],
    ['chunks are cut off', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000\r\n', 'reset'],
    ['a chunk size is bad', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'protocol'],
  ])('%s', async (_, head, reason) => {
    await using server = await socketServer((socket) => socket.end(`${head}abc`))
    await using http = undiciClient()
    const repository = createRegistryClient({ http }).repository({ domain: server.host, path: 'repo' })
    const error = await failureFields(bytesOf(repository.fetch(what)))
    expect(error).toMatchObject({ retryable: true })
    const cause = error['code'] === 'ERR_REGISTRY_TRUNCATED' ? error['cause'] : error
    expect(cause).toMatchObject({ code: 'ERR_REGISTRY_UNREACHABLE', reason })
  })

  it('refuses two lengths that differ', async () => {
    await using server = await socketServer((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'),
    )
    expect(await failureFields(get(`http://${server.host}/`))).toMatchObject({ code: 'ERR_REGISTRY_UNREACHABLE' })
  })

  it('gives up on a body that stalls', async () => {
    await using server = await socketServer((socket) => socket.write(`${HEAD}abc`))
    expect(await failureFields(get(`http://${server.host}/`, { bodyTimeoutMs: 50 }))).toMatchObject({
      reason: 'stalled',
      retryable: true,
    })
  })

  it('gives up on headers that do not come', async () => {
    await using server = await socketServer(() => {})
    expect(await failureFields(get(`http://${server.host}/`, { headersTimeoutMs: 50 }))).toMatchObject({
      reason: 'headers-timeout',
      retryable: true,
    })
  })

  it('gives up on a flood of headers', async () => {
    await using server = await socketServer((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`),
    )
    expect(await failureFields(get(`http://${server.host}/`))).toMatchObject({ reason: 'headers', retryable: false })
  })

  it('resends a request that met a closing connection', async () => {
    await using server = await socketServer((socket, count) => {
      if (count === 2) socket.destroy()
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    await using http = undiciClient()
    const once = async (): Promise<string> =>
      (await bytesOf((await http({ method: 'GET', url: `http://${server.host}/`, headers: {} })).body)).toString()
    expect(await once()).toBe('ok')
    // The connection is free a moment after the end of its body.
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await once()).toBe('ok')
    expect(server.connections()).toBe(2)
  })

  it('sends a request with a body once only', async () => {
    let requests = 0
    await using server = await socketServer((socket, count) => {
      requests = count
      socket.destroy()
    })
    expect(await failureFields(get(`http://${server.host}/`, { method: 'POST' }))).toMatchObject({ reason: 'reset' })
    expect(requests).toBe(1)
  })

  it('closes the connection of a body that is left', async () => {
    await using server = await socketServer((socket) => socket.write(`${HEAD}abc`))
    await using http = undiciClient()
    const open = async (): Promise<AsyncIterator<Uint8Array>> =>
      (await http({ method: 'GET', url: `http://${server.host}/`, headers: {} })).body[Symbol.asyncIterator]()
    await (await open()).return?.()
    await until(() => server.open() === 0)
    const read = await open()
    await read.next()
    expect(server.open()).toBe(1)
    await read.return?.()
    await until(() => server.open() === 0)
    expect(server.connections()).toBe(2)
  })

  it('rejects with the reason of its signal, and closes the connection', async () => {
    await using server = await socketServer((socket, count) => {
      if (count === 2) socket.write(`${HEAD}abc`)
    })
    const reason = new Error('mine')
    await expect(get(`http://${server.host}/`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(server.connections()).toBe(0)
    const before = new AbortController()
    const waiting = get(`http://${server.host}/`, { signal: before.signal })
    await until(() => server.open() === 1)
    before.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await using http = undiciClient()
    const during = new AbortController()
    const { body } = await http({ method: 'GET', url: `http://${server.host}/`, headers: {}, signal: during.signal })
    const read = async (): Promise<void> => {
      for await (const _ of body) during.abort(reason)
    }
    await expect(read()).rejects.toBe(reason)
    await until(() => server.open() === 0)
  })

  it('goes through a proxy', async () => {
    const server = createHttpServer((_, response) => response.end('direct'))
    const port = await listen(server)
    const asked: string[] = []
    const proxy = createHttpServer((request, response) => {
      asked.push(request.url ?? '')
      response.end('by proxy')
    })
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '')
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      upstream.on('error', () => {})
      socket.on('error', () => {})
    })
    const proxyPort = await listen(proxy)
    const response = await get('http://registry.invalid/x', {
      proxy: (url) => (url.includes('registry.invalid') ? `http://127.0.0.1:${proxyPort}` : undefined),
    })
    expect((await bytesOf(response.body)).length).toBeGreaterThan(0)
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('registry.invalid')
    server.close()
    proxy.close()
  })
})

describe('undiciClient() and TLS', () => {
  const good = createCertificate({ ipAddress: '127.0.0.1' })

  const serve = async (options: ServerOptions): Promise<{ url: string; close: () => void; requests: () => number }> => {
    let requests = 0
    const server = createHttpsServer(options, (_, response) => {
      requests++
      response.end('secure')
    })
    server.on('tlsClientError', () => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { url: `https://127.0.0.1:${port}/`, close: () => server.close(), requests: () => requests }
  }

  it('trusts the certificate it is told to, or any when told so', async () => {
    const server = await serve(good)
    for (const options of [{ ca: good.cert }, { ca: [good.cert] }, { rejectUnauthorized: false }]) {
      expect((await bytesOf((await get(server.url, options)).body)).toString()).toBe('secure')
    }
    server.close()
  })

  it.each([
    ['is signed by itself', good, {}, 'tls-untrusted'],
    [
      'has expired',
      createCertificate({ ipAddress: '127.0.0.1', notAfter: new Date(Date.UTC(2021, 0, 1)) }),
      'ca',
      'tls-expired',
    ],
    ['is for another host', createCertificate({ dnsName: 'other.example' }), 'ca', 'tls-host'],
  ])('refuses a certificate that %s', async (_, certificate, trust, reason) => {
    const server = await serve(certificate)
    const options = trust === 'ca' ? { ca: certificate.cert } : {}
    expect(await failureFields(get(server.url, options))).toMatchObject({
      code: 'ERR_REGISTRY_UNREACHABLE',
      reason,
      retryable: false,
    })
    expect(server.requests()).toBe(0)
    server.close()
  })

  it('gives a client certificate', async () => {
    const mine = createCertificate({ dnsName: 'client' })
    const server = await serve({ ...good, requestCert: true, rejectUnauthorized: true, ca: mine.cert })
    expect(await failureFields(get(server.url, { ca: good.cert }))).toMatchObject({ code: 'ERR_REGISTRY_UNREACHABLE' })
    expect(server.requests()).toBe(0)
    const response = await get(server.url, { ca: good.cert, cert: mine.cert, key: mine.key })
    expect((await bytesOf(response.body)).toString()).toBe('secure')
    server.close()
  })

  it('uses the authorities and the client certificate of each host, and never elsewhere', async () => {
    const mine = createCertificate({ dnsName: 'client' })
    const known = await serve({ ...good, requestCert: true, rejectUnauthorized: true, ca: mine.cert })
    const other = createCertificate({ ipAddress: '127.0.0.1' })
    const unknown = await serve(other)
    const settings = { ca: [good.cert], cert: mine.cert, key: mine.key }
    const options: DispatcherOptions = {
      tls: async (host) => (known.url === `https://${host}/` ? settings : undefined),
    }
    expect((await bytesOf((await get(known.url, options)).body)).toString()).toBe('secure')
    expect(await failureFields(get(unknown.url, options))).toMatchObject({ reason: 'tls-untrusted' })
    expect(unknown.requests()).toBe(0)
    known.close()
    unknown.close()
  })

  it('accepts any certificate only of hosts that are declared insecure, also when that changes', async () => {
    const server = await serve(createCertificate({ dnsName: 'other.example' }))
    let isInsecure = true
    const settings = { isInsecure }
    await using http = undiciClient({ tls: async () => (isInsecure ? settings : undefined) })
    const once = async (): Promise<string> =>
      (await bytesOf((await http({ method: 'GET', url: server.url, headers: {} })).body)).toString()
    expect(await once()).toBe('secure')
    isInsecure = false
    expect(await failureFields(once())).toMatchObject({ code: 'ERR_REGISTRY_UNREACHABLE' })
    expect(server.requests()).toBe(1)
    server.close()
  })

  it('sends no plain request after a bad certificate, whatever else answers', async () => {
    const server = await serve(createCertificate({ dnsName: 'other.example' }))
    const host = new URL(server.url).host
    await using http = undiciClient()
    const client = createRegistryClient({
      http,
      endpoints: async () => [{ url: `https://${host}`, uses: ['pull', 'resolve', 'push'], isMirror: false }],
    })
    expect(await failureFields(client.checkLogin(host, { username: 'u', password: 'p' }))).toMatchObject({
      code: 'ERR_REGISTRY_UNREACHABLE',
      retryable: false,
    })
    expect(server.requests()).toBe(0)
    server.close()
  })
})
