import { once } from 'node:events'
import { type ClientRequest, get, request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'

import { digestOf } from '@drayage/digest'
import { expect, onTestFinished, test } from 'vitest'

import type { Fault } from '../faults/fault.ts'
import { content, startFaulty } from '../test/faulty.ts'
import type { RequestEvent } from './answer-request.ts'
import { serve } from './serve.ts'

async function start(faults: readonly Fault[]) {
  const faulty = await startFaulty(faults)
  const events: RequestEvent[] = []
  const server = await serve(faulty.handler, { onRequest: (event) => events.push(event) })
  onTestFinished(() => server.close())
  return { ...faulty, server, served: events, blob: `${server.url}/v2/a/blobs/${faulty.digest}` }
}

/** Sends one request as it is; gives what came back and how the connection ended. */
async function raw(host: string, line: string, body = ''): Promise<{ text: string; end: string }> {
  const socket = connect(Number(host.split(':')[1]), '127.0.0.1')
  socket.setEncoding('latin1')
  let text = ''
  let end = 'closed'
  socket.on('data', (chunk) => (text += chunk))
  socket.on('error', (error) => (end = 'code' in error ? String(error.code) : error.message))
  socket.write(`${line} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return { text, end }
}

const path = (url: string): string => new URL(url).pathname

/** Reads a response of node:http: its status, bytes, and the code of the error, if there is one. */
async function fetched(sent: ClientRequest): Promise<{ status?: number; bytes: Buffer; code?: unknown }> {
  // What the parser finds in a body is an event of the request, whose response is only aborted.
  let found: unknown
  sent.on('error', (error) => (found ??= error))
  const chunks: Buffer[] = []
  let status: number | undefined
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    status = response.statusCode
    for await (const chunk of response) chunks.push(chunk)
    return { ...(status === undefined ? {} : { status }), bytes: Buffer.concat(chunks) }
  } catch (thrown) {
    const error = found ?? thrown
    const code = error instanceof Error && 'code' in error ? error.code : error
    return { ...(status === undefined ? {} : { status }), bytes: Buffer.concat(chunks), code }
  }
}

/** The next request is answered as ever. */
async function expectWhole(blob: string): Promise<void> {
  const { status, bytes } = await fetched(get(blob))
  expect([status, bytes.equals(content)]).toEqual([200, true])
}

test('body-reset sends the bytes before, then RST', async () => {
  const { server, blob, served } = await start([{ point: 'blob-get', kind: 'body-reset', afterBytes: 400 }])
  const { text, end } = await raw(server.host, `GET ${path(blob)}`)
  expect(text).toMatch(/^HTTP\/1.1 200 /)
  expect(text).toContain('content-length: 1000')
  expect(text.split('\r\n\r\n').slice(1).join('\r\n\r\n')).toHaveLength(400)
  expect(end).toBe('ECONNRESET')
  expect(served).toMatchObject([{ status: 200, isComplete: false, error: { code: 'ERR_CONNECTION_FAULT' } }])
  await expectWhole(blob)
})

test('body-reset of an upload resets the connection, and the registry keeps the received bytes', async () => {
  const { server, plain, begin, blob } = await start([{ point: 'upload-patch', kind: 'body-reset', afterBytes: 3 }])
  const upload = await begin()
  expect(await raw(server.host, `PATCH ${upload}`, 'abcdef')).toEqual({ text: '', end: 'ECONNRESET' })
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-2')
  await expectWhole(blob)
})

test('reset-every lets a download complete in parts', async () => {
  const { blob } = await start([{ point: 'blob-get', kind: 'reset-every', parts: 5, times: 'always' }])
  let held = Buffer.alloc(0)
  for (let attempt = 0; attempt < 5; attempt++) {
    const { bytes, code } = await fetched(get(blob, { headers: { range: `bytes=${held.byteLength}-` } }))
    held = Buffer.concat([held, bytes])
    expect([held.byteLength, code]).toEqual([200 * (attempt + 1), attempt < 4 ? 'ECONNRESET' : undefined])
  }
  expect(held.equals(content)).toBe(true)
})

test('answer-lost takes effect and then resets the connection', async () => {
  const { server, plain, begin, served } = await start([
    { point: ['upload-put', 'manifest-put'], kind: 'answer-lost', times: 2 },
  ])
  const upload = await begin('abc')
  const digest = digestOf('abcdef')
  expect(await raw(server.host, `PUT ${upload}?digest=${digest}`, 'def')).toEqual({ text: '', end: 'ECONNRESET' })
  expect((await plain.send('GET', `/v2/a/blobs/${digest}`)).text).toBe('abcdef')
  expect((await plain.send('GET', upload)).status).toBe(404)
  const manifest = (await plain.send('GET', '/v2/a/manifests/1')).text
  expect((await raw(server.host, 'PUT /v2/a/manifests/2', manifest)).end).toBe('ECONNRESET')
  expect((await plain.send('GET', '/v2/a/manifests/2')).text).toBe(manifest)
  expect(served).toMatchObject([{ status: 0 }, { status: 0, error: { connection: { fault: 'answer-lost' } } }])
})

test('reset-before-headers resets and close-before-headers closes, before the registry sees the request', async () => {
  const { server, plain, begin, blob } = await start([
    { point: 'upload-patch', kind: 'reset-before-headers' },
    { point: 'upload-patch', kind: 'close-before-headers' },
  ])
  const upload = await begin()
  expect(await raw(server.host, `PATCH ${upload}`, 'abc')).toEqual({ text: '', end: 'ECONNRESET' })
  expect(await raw(server.host, `PATCH ${upload}`, 'abc')).toEqual({ text: '', end: 'closed' })
  await expectWhole(blob)
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-0')
})

test('stall-before-headers gives no answer until the client leaves', async () => {
  const { blob, events, served } = await start([{ point: 'blob-get', kind: 'stall-before-headers' }])
  const leaving = new AbortController()
  const pending = fetched(get(blob, { signal: leaving.signal }))
  while (events.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(served).toEqual([])
  leaving.abort()
  expect((await pending).code).toBe('ABORT_ERR')
  while (served.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(served).toMatchObject([{ status: 0, error: { code: 'ERR_CLIENT_GONE' } }])
})

test('body-stall sends the bytes before and then nothing until the client leaves', async () => {
  const { blob, served } = await start([{ point: 'blob-get', kind: 'body-stall', afterBytes: 10 }])
  const leaving = new AbortController()
  const [response] = (await once(get(blob, { signal: leaving.signal }), 'response')) as [IncomingMessage]
  const [first] = await once(response, 'data')
  expect(first.equals(content.subarray(0, 10))).toBe(true)
  const failed = once(response, 'close').catch((error: unknown) => error)
  leaving.abort()
  expect(await failed).toMatchObject({ message: 'aborted' })
  while (served.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(served).toMatchObject([{ bytesSent: 10, isComplete: false }])
})

test('reset-after-headers sends the headers, then RST', async () => {
  const { server, blob } = await start([{ point: 'blob-get', kind: 'reset-after-headers' }])
  const { text, end } = await raw(server.host, `GET ${path(blob)}`)
  expect([text.startsWith('HTTP/1.1 200 '), text.endsWith('\r\n\r\n'), end]).toEqual([true, true, 'ECONNRESET'])
  await expectWhole(blob)
})

test('chunked-truncated stops without the last chunk', async () => {
  const fault: Fault = { point: 'blob-get', kind: 'chunked-truncated', afterBytes: 400, times: 2 }
  const { server, blob } = await start([fault])
  const { text, end } = await raw(server.host, `GET ${path(blob)}`)
  expect(text.toLowerCase()).toContain('transfer-encoding: chunked')
  expect([text.endsWith('0\r\n\r\n'), text.includes('content-length'), end]).toEqual([false, false, 'closed'])
  const { bytes, code } = await fetched(get(blob))
  expect([bytes.byteLength, code]).toEqual([400, 'ECONNRESET'])
  await expectWhole(blob)
})

test('bad-chunk-size sends a chunk whose size is not a number', async () => {
  const fault: Fault = { point: 'blob-get', kind: 'bad-chunk-size', afterBytes: 400, times: 2 }
  const { server, blob } = await start([fault])
  const { text } = await raw(server.host, `GET ${path(blob)}`)
  expect(text).toMatch(/\r\nzz\r\nzz\r\n$/)
  expect((await fetched(get(blob))).code).toBe('HPE_INVALID_CHUNK_SIZE')
  await expectWhole(blob)
})

test('duplicate-content-length sends two that differ', async () => {
  const fault: Fault = { point: 'blob-get', kind: 'duplicate-content-length', times: 2 }
  const { server, blob } = await start([fault])
  const { text, end } = await raw(server.host, `GET ${path(blob)}`)
  expect(text).toMatch(/^HTTP\/1.1 200 Fault\r\n/)
  expect([text.match(/content-length: \d+/g), end]).toEqual([
    ['content-length: 1000', 'content-length: 1001'],
    'closed',
  ])
  expect((await fetched(get(blob))).code).toMatch(/^HPE_/)
  await expectWhole(blob)
})

test('header-flood exceeds what a client accepts', async () => {
  const { blob } = await start([{ point: 'blob-get', kind: 'header-flood' }])
  expect((await fetched(get(blob))).code).toBe('HPE_HEADER_OVERFLOW')
  await expectWhole(blob)
})

test('body-short closes the connection before Content-Length is reached', async () => {
  const { server, blob } = await start([{ point: 'blob-get', kind: 'body-short', afterBytes: 300, times: 2 }])
  const { text, end } = await raw(server.host, `GET ${path(blob)}`)
  expect([text.split('\r\n\r\n').slice(1).join('\r\n\r\n').length, end]).toEqual([300, 'closed'])
  expect(await fetched(get(blob))).toMatchObject({ status: 200, code: 'ECONNRESET' })
})

test('body-long closes the connection after Content-Length', async () => {
  const { server, blob } = await start([{ point: 'blob-get', kind: 'body-long' }])
  const { text, end } = await raw(server.host, `GET ${path(blob)}`)
  expect([text.split('\r\n\r\n').slice(1).join('\r\n\r\n').length, end]).toEqual([1000, 'closed'])
})

test('too-large answers 413 while the client sends, and closes the connection', async () => {
  const { server, plain, begin } = await start([{ point: 'upload-patch', kind: 'too-large', bytes: 10 }])
  const upload = await begin()
  const sent = request(`${server.url}${upload}`, { method: 'PATCH', headers: { 'content-length': 11 } })
  sent.end('x'.repeat(11))
  expect(await fetched(sent)).toMatchObject({ status: 413 })
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-0')
})

test('redirect-loop never ends for a client that follows', async () => {
  const { blob, events } = await start([{ point: 'blob-get', kind: 'redirect-loop', times: 'always' }])
  await expect(fetch(blob)).rejects.toMatchObject({ cause: { message: 'redirect count exceeded' } })
  expect(events.length).toBeGreaterThan(10)
})
