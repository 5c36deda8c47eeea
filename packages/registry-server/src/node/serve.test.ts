import { once } from 'node:events'
import { get, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import type { HttpClient, HttpRequest } from '@drayage/content'
import { randomBytes } from '@drayage/testkit'
import { expect, onTestFinished, test } from 'vitest'

import { createRegistryHandler } from '../handler/handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { createTestClient } from '../test/client.ts'
import type { RequestEvent } from './answer-request.ts'
import { type HttpServer, serve, type ServeOptions } from './serve.ts'

async function start(handler: HttpClient, options: ServeOptions = {}) {
  const events: RequestEvent[] = []
  const waiting: ((event: RequestEvent) => void)[] = []
  const onRequest = (event: RequestEvent): void => {
    events.push(event)
    waiting.shift()?.(event)
  }
  const nextEvent = () => new Promise<RequestEvent>((resolve) => waiting.push(resolve))
  const server: HttpServer = await serve(handler, { ...options, onRequest })
  onTestFinished(() => server.close())
  return { server, events, nextEvent }
}

async function* repeat(chunk: Uint8Array, count: number) {
  for (let index = 0; index < count; index++) yield chunk
}

const ok = async (): Promise<Awaited<ReturnType<HttpClient>>> => ({
  status: 204,
  headers: {},
  body: repeat(new Uint8Array(), 0),
})

/** Sends raw bytes and gives everything that comes back until the connection closes. */
async function raw(server: HttpServer, text: string): Promise<string> {
  const socket = connect(Number(server.host.split(':')[1]), '127.0.0.1')
  socket.setEncoding('latin1')
  let reply = ''
  socket.on('data', (chunk) => (reply += chunk))
  socket.on('error', () => {})
  socket.write(text, 'latin1')
  await once(socket, 'close')
  return reply
}

test('serve() streams a blob, a range and a HEAD, and reports each', async () => {
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const content = randomBytes('serve', 3_000_000)
  const digest = await createTestClient(handler).pushBlob('a', content)
  const { server, nextEvent } = await start(handler)
  const url = `${server.url}/v2/a/blobs/${digest}`
  const whole = nextEvent()
  expect(Buffer.from(await (await fetch(`${url}?x=1`)).arrayBuffer()).equals(content)).toBe(true)
  expect(await whole).toEqual({
    method: 'GET',
    path: `/v2/a/blobs/${digest}`,
    query: '?x=1',
    status: 200,
    range: undefined,
    bytesSent: 3_000_000,
    isComplete: true,
  })
  const ranged = nextEvent()
  const part = await fetch(url, { headers: { range: 'bytes=1000000-1999999' } })
  expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(1_000_000, 2_000_000))).toBe(true)
  expect(await ranged).toMatchObject({ status: 206, range: 'bytes=1000000-1999999', bytesSent: 1_000_000 })
  const headed = nextEvent()
  const head = await fetch(url, { method: 'HEAD' })
  expect(head.headers.get('content-length')).toBe('3000000')
  expect(await headed).toMatchObject({ method: 'HEAD', status: 200, bytesSent: 0, isComplete: true })
})

test('serve() passes the body of a request on as it arrives', async () => {
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const { server } = await start(handler)
  const posted = await fetch(`${server.url}/v2/a/blobs/uploads/`, { method: 'POST' })
  const location = `${server.url}${posted.headers.get('location')}`
  const content = randomBytes('upload', 2_000_000)
  const patched = await fetch(location, { method: 'PATCH', body: new Blob([new Uint8Array(content)]) })
  expect([patched.status, patched.headers.get('range')]).toEqual([202, '0-1999999'])
})

test('serve() sends the headers of a stream before its first byte', async () => {
  const { promise: asked, resolve: go } = Promise.withResolvers<void>()
  async function* late() {
    await asked
    yield new Uint8Array([1])
  }
  const { server } = await start(async () => ({ status: 200, headers: {}, body: late() }))
  const response = await fetch(server.url)
  expect(response.status).toBe(200)
  go()
  expect(await response.bytes()).toEqual(new Uint8Array([1]))
})

test('serve() destroys the connection when a body fails or has another length than announced', async () => {
  const failure = new Error('disk')
  async function* failing() {
    yield new Uint8Array(1000)
    throw failure
  }
  const bodies: Record<string, () => AsyncGenerator<Uint8Array>> = {
    '/failing': failing,
    '/short': () => repeat(new Uint8Array(1000), 2),
    '/long': () => repeat(new Uint8Array(1000), 4),
  }
  const { server, nextEvent } = await start(async ({ url }) => {
    const headers = { 'content-length': '3000' }
    return { status: 200, headers, body: bodies[new URL(url).pathname]?.() ?? repeat(new Uint8Array(), 0) }
  })
  for (const path of Object.keys(bodies)) {
    const event = nextEvent()
    const response = await fetch(server.url + path)
    if (path === '/long') expect((await response.arrayBuffer()).byteLength).toBe(3000)
    else await expect(response.arrayBuffer()).rejects.toThrow('terminated')
    expect(await event).toMatchObject({ status: 200, isComplete: false, error: expect.any(Error) })
  }
})

test('serve() never ends a chunked body cleanly when its source fails', async () => {
  async function* failing() {
    yield new Uint8Array(1000)
    throw new Error('disk')
  }
  const { server } = await start(async () => ({ status: 200, headers: {}, body: failing() }))
  const reply = await raw(server, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  expect(reply).toContain('HTTP/1.1 200')
  expect(reply.endsWith('0\r\n\r\n')).toBe(false)
  const socket = connect(Number(server.host.split(':')[1]), '127.0.0.1')
  socket.resume().write('GET / HTTP/1.0\r\n\r\n')
  await expect(once(socket, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('serve() drops a client that stalls in a body, and not one that waits for the handler', async () => {
  const taken: number[] = []
  const { server, nextEvent } = await start(
    async ({ body = repeat(new Uint8Array(), 0) }) => {
      for await (const chunk of body) {
        taken.push(chunk.byteLength)
        await sleep(1000)
      }
      return ok()
    },
    { bodyIdleMs: 500 },
  )
  const post = 'POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n'
  expect(await raw(server, `${post}content-length: 4\r\n\r\nbody`)).toContain('HTTP/1.1 204')
  const event = nextEvent()
  expect(await raw(server, `${post}content-length: 4\r\n\r\nbod`)).toBe('')
  expect(await event).toMatchObject({ status: 0, isComplete: false, error: { code: 'ERR_CLIENT_GONE' } })
  expect(taken).toEqual([4, 3])
})

test('serve() answers 500 without details when the handler rejects', async () => {
  const failure = new Error('secret')
  const { server, nextEvent } = await start(() => Promise.reject(failure))
  const event = nextEvent()
  const response = await fetch(server.url)
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('secret')
  expect(await event).toMatchObject({ status: 500, error: failure, isComplete: true })
})

test('serve() aborts the signal and closes the body when the client leaves', async () => {
  const closed = Promise.withResolvers<unknown>()
  const { server, nextEvent } = await start(async ({ signal }) => {
    async function* endless() {
      try {
        for (;;) yield new Uint8Array(65_536)
      } finally {
        closed.resolve(signal?.reason)
      }
    }
    return { status: 200, headers: {}, body: endless() }
  })
  const event = nextEvent()
  const [response] = await once(get(server.url), 'response')
  await once(response, 'data')
  response.destroy()
  expect(await closed.promise).toMatchObject({ code: 'ERR_CLIENT_GONE' })
  expect(await event).toMatchObject({ isComplete: false })
})

test('serve() aborts a waiting handler when the client leaves', async () => {
  const begun = Promise.withResolvers<void>()
  const { server, nextEvent } = await start(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
        begun.resolve()
      }),
  )
  const event = nextEvent()
  const sent = get(server.url)
  sent.on('error', () => {})
  await begun.promise
  sent.destroy()
  expect(await event).toMatchObject({ status: 0, isComplete: false, error: { code: 'ERR_CLIENT_GONE' } })
})

test('serve() shows the handler its own address, whatever the Host, and takes requests without one', async () => {
  const seen: string[] = []
  const { server } = await start((request: HttpRequest) => {
    seen.push(request.url)
    return ok()
  })
  await raw(server, 'GET /v2/ HTTP/1.1\r\nhost: evil\r\nconnection: close\r\n\r\n')
  await raw(server, 'GET /v2/ HTTP/1.0\r\n\r\n')
  await raw(server, 'GET http://evil/v2/ HTTP/1.1\r\nhost: evil\r\nconnection: close\r\n\r\n')
  await raw(server, 'GET //evil/v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  expect(seen).toEqual([`${server.url}/v2/`, `${server.url}/v2/`, `${server.url}/v2/`, `${server.url}//evil/v2/`])
})

test('serve() closes the connection after requests that parsers could read differently', async () => {
  let requests = 0
  const { server } = await start(async (incoming) => {
    if (incoming.body !== undefined) for await (const _ of incoming.body) continue
    requests++
    return ok()
  })
  const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n'
  const heads = [
    'content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n',
    'transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n',
    'content-length: 4\r\ncontent-length: 5\r\n\r\n',
    'content-length: 4, 5\r\n\r\n',
    'content-length: +4\r\n\r\n',
    'content-length: -4\r\n\r\n',
    'content-length: 0x4\r\n\r\n',
    'content-length : 4\r\n\r\n',
    'transfer-encoding: chunked, identity\r\n\r\n',
    'transfer-encoding: xchunked\r\n\r\n',
    'transfer-encoding : chunked\r\n\r\n',
    'x: a\r\n b: folded\r\n\rX',
    'x: a\n\n',
    'x: a\r\n\rX',
    'x\u0000: a\r\n\r\n',
    'x: \u0000\r\n\r\n',
    ': empty\r\n\r\n',
    'transfer-encoding: chunked\r\n\r\n5;\nx\r\nhello\r\n0\r\n\r\n',
    'transfer-encoding: chunked\r\n\r\nzz\r\n',
    'transfer-encoding: chunked\r\n\r\n-1\r\n',
    'transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
  ]
  for (const head of heads) {
    requests = 0
    const reply = await raw(server, `POST / HTTP/1.1\r\nhost: x\r\n${head}${smuggled}`)
    expect([head, reply.slice(0, 12), requests]).toEqual([head, 'HTTP/1.1 400', 0])
  }
})

test('serve() does not read a body that the handler refuses', async () => {
  const { server, nextEvent } = await start(createRegistryHandler({ storage: createMemoryStorage() }))
  const event = nextEvent()
  const sent = request(`${server.url}/v2/a/manifests/1`, { method: 'PUT', headers: { 'content-length': 1024 ** 3 } })
  sent.on('error', () => {})
  sent.write(new Uint8Array(1000))
  const [response] = await once(sent, 'response')
  expect(response.statusCode).toBe(413)
  let written = 0
  while (!sent.destroyed && written < 64 * 1024 * 1024) {
    const chunk = new Uint8Array(65_536)
    written += chunk.byteLength
    if (!sent.write(chunk)) await Promise.race([once(sent, 'drain'), once(sent, 'close')]).catch(() => {})
  }
  expect(sent.destroyed).toBe(true)
  expect(await event).toMatchObject({ status: 413 })
})

test('serve() asks for a body that waits for 100 Continue only when the handler reads it', async () => {
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const { server } = await start(handler)
  const send = async (path: string, length: number) => {
    let continued = false
    const headers = { expect: '100-continue', 'content-length': length }
    const sent = request(server.url + path, { method: 'POST', headers })
    sent.on('error', () => {})
    sent.on('continue', () => {
      continued = true
      sent.end(new Uint8Array(length))
    })
    sent.flushHeaders()
    const [response] = await once(sent, 'response')
    response.resume()
    sent.destroy()
    return [response.statusCode, continued]
  }
  const digest = `sha256:${'0'.repeat(64)}`
  expect(await send(`/v2/a/blobs/uploads/?digest=${digest}`, 3)).toEqual([400, true])
  expect(await send('/v2/INVALID/blobs/uploads/', 3)).toEqual([400, false])
})

test('serve() lets running requests end when it closes, up to the grace time', async () => {
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const { server } = await start(async () => {
    begun.resolve()
    await go.promise
    return ok()
  })
  const response = fetch(server.url)
  await begun.promise
  const closing = server.close()
  go.resolve()
  expect((await response).status).toBe(204)
  await closing
  await expect(fetch(server.url)).rejects.toThrow('fetch failed')

  const { server: hanging } = await start(() => new Promise(() => {}), { graceMs: 10 })
  const cut = fetch(hanging.url).catch((error: unknown) => error)
  await hanging.close()
  expect(await cut).toMatchObject({ message: 'fetch failed' })
})

test('serve() keeps a connection whose refused body is short', async () => {
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const { server } = await start(handler)
  const refused = 'PUT /v2/a/manifests/-x HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody'
  const reply = await raw(server, `${refused}GET /v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
  expect(reply.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200'])
})

test('serve() keeps the received bytes of an upload whose client leaves', async () => {
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const { server, nextEvent } = await start(handler)
  const client = createTestClient(handler)
  const { location = '' } = (await client.send('POST', '/v2/a/blobs/uploads/')).headers
  const socket = connect(Number(server.host.split(':')[1]), '127.0.0.1')
  const event = nextEvent()
  socket.write(`PATCH ${location} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(500)}`)
  await expect.poll(async () => (await client.send('GET', location)).headers['range']).toBe('0-499')
  socket.destroy()
  expect(await event).toMatchObject({ method: 'PATCH', isComplete: false })
  const rest = { headers: { 'content-range': '500-999' }, body: 'y'.repeat(500) }
  expect((await client.send('PATCH', location, rest)).headers['range']).toBe('0-999')
})

test('serve() refuses a request that names two hosts, or another one than its Host header', async () => {
  let requests = 0
  const { server } = await start(async () => {
    requests++
    return ok()
  })
  const heads = [
    'GET /v2/ HTTP/1.1\r\nhost: a\r\nhost: b',
    'GET /v2/ HTTP/1.1\r\nhost: a\r\nHOST: a',
    'GET http://b/v2/ HTTP/1.1\r\nhost: a',
    'GET http://a:81/v2/ HTTP/1.1\r\nhost: a',
    'GET ftp:///v2/ HTTP/1.1\r\nhost: a',
    'GET v2 HTTP/1.1\r\nhost: a',
  ]
  for (const head of heads) {
    const reply = await raw(server, `${head}\r\nconnection: close\r\n\r\n`)
    expect([head, reply.slice(0, 12), requests]).toEqual([head, 'HTTP/1.1 400', 0])
  }
  const whole = await raw(server, 'GET http://a:80/v2/ HTTP/1.1\r\nhost: A\r\nconnection: close\r\n\r\n')
  expect([whole.slice(0, 12), requests]).toEqual(['HTTP/1.1 204', 1])
})
