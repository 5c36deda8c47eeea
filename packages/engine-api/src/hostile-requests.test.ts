import { once } from 'node:events'
import { createServer } from 'node:http'
import net from 'node:net'
import path from 'node:path'

import type { HttpClient } from '@drayage/content'
import { serveOn, type Served } from '@drayage/registry-server/node'
import { buildImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { MAX_JSON_BODY_BYTES } from './http/read-json-body.ts'
import { startEngine, type TestEngine } from './test/engine.ts'
import { pushTestImage } from './test/push-image.ts'

let engine: TestEngine
/** What the registry was asked. */
let asked: string[]

function watched(registry: HttpClient): HttpClient {
  return async (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`)
    return await registry(request)
  }
}

beforeEach(async () => {
  asked = []
  engine = await startEngine(watched)
})
afterEach(async () => {
  expect(engine.errors).toEqual([])
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
  await engine[Symbol.asyncDispose]()
})

test.each([
  ['one byte below the limit', 200, -1],
  ['at the limit', 200, 0],
  ['one byte above the limit', 413, 1],
])('a JSON body %s is answered with %d', async (_, status, more) => {
  // A registry that lets everybody in accepts every login.
  const start = `{"serveraddress":"${engine.registry.host}","username":"`
  const end = '"}'
  const body = start + 'u'.repeat(MAX_JSON_BODY_BYTES + more - start.length - end.length) + end
  expect((await engine.ask('POST', '/auth', { body })).status).toBe(status)
})

test('a JSON body with a Content-Length above the limit is refused before it is read', async () => {
  const headers = { 'content-length': String(1024 ** 3) }
  expect((await engine.ask('POST', '/auth', { headers, body: '{}' })).status).toBe(413)
})

const AUTH = { 'x-registry-auth': 'e30' }

describe('names and logins', () => {
  test.each([
    ['a line break', 'x\r\nX-Evil: 1'],
    ['an escaped line break', 'x%0d%0aX-Evil: 1'],
    ['a query', 'x?y=z'],
    ['a fragment', 'x#y'],
    ['dots in the middle', 'a/../b'],
    ['dots at the start', '../../etc'],
    ['an empty part', 'a//b'],
    ['a space', 'x y'],
    ['a zero byte', 'x\u0000'],
    ['a bidirectional mark', 'x\u202e'],
    ['a host and a line break', 'HOST/x:tag\r\nX-Evil: 1'],
    ['a password', 'user:password@HOST/x'],
    ['200 kB', `${'a/'.repeat(100_000)}b`],
  ])('a name with %s reaches no registry', async (_, text) => {
    const name = text.replace('HOST', engine.registry.host)
    for (const [method, target] of [
      ['POST', `/images/create?fromImage=${encodeURIComponent(name)}&tag=1`],
      ['POST', `/images/create?fromImage=${engine.registry.host}/x&tag=${encodeURIComponent(name)}`],
      ['GET', `/distribution/${encodeURIComponent(name)}/json`],
    ] as const) {
      const { status } = await engine.ask(method, target)
      expect([target.slice(0, 80), status]).toEqual([target.slice(0, 80), 400])
    }
    const push = await engine.ask('POST', `/images/${encodeURIComponent(name)}/push`, { headers: AUTH })
    expect(push.status).toBe(400)
    expect((await engine.ask('GET', `/images/${encodeURIComponent(name)}/json`)).status).toBe(400)
    expect(asked).toEqual([])
  })

  test('an unreadable login is ignored, and one that is too long is refused', async () => {
    const name = await pushTestImage(engine.registry.host, 'app', '1', await buildImage())
    for (const header of ['%%%', 'e30', 'W10', 'bnVsbA', Buffer.from('{"username":1}').toString('base64')]) {
      const headers = { 'x-registry-auth': header }
      expect((await engine.ask('POST', `/images/create?fromImage=${name}`, { headers })).status).toBe(200)
    }
    asked = []
    const headers = { 'x-registry-auth': 'A'.repeat(1_048_576) }
    expect((await engine.ask('POST', `/images/create?fromImage=${name}`, { headers })).status).toBe(400)
    expect(asked).toEqual([])
  })
})

describe('keys that name members of Object.prototype', () => {
  const POLLUTION = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'

  test('change no prototype in filters, logins and platforms', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const filters = encodeURIComponent(`{"${key}":["polluted"],"label":["${key}=1","${key}"]}`)
      expect([400, 200]).toContain((await engine.ask('GET', `/images/json?filters=${filters}`)).status)
      expect([400, 200]).toContain((await engine.ask('POST', `/images/prune?filters=${filters}`)).status)
      expect((await engine.ask('GET', `/events?since=1&until=1&filters=${filters}`)).status).toBe(200)
      expect([400, 404]).toContain((await engine.ask('GET', `/images/${key}/json`)).status)
      expect((await engine.ask(key, '/_ping')).status).toBe(404)
    }
    const body = `${POLLUTION},"username":"u","serveraddress":"${engine.registry.host}"}`
    expect((await engine.ask('POST', '/auth', { body })).status).toBe(200)
    const platform = encodeURIComponent(`${POLLUTION},"os":"linux","architecture":"amd64"}`)
    expect((await engine.ask('GET', `/images/x/json?platform=${platform}`)).status).toBe(404)
  })

  test('are kept as labels and members of a config', async () => {
    const Labels = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}')
    const config = JSON.parse(`{"Labels":${JSON.stringify(Labels)},"__proto__":{"polluted":1}}`)
    const image = await buildImage({ config: { config } })
    const name = await pushTestImage(engine.registry.host, 'app', '1', image)
    await engine.ask('POST', `/images/create?fromImage=${name}`)
    const { text } = await engine.ask('GET', `/images/${name}/json`)
    expect(text).toContain('"Labels":{"__proto__":"a","constructor":"b","toString":"c"}')
    expect((await engine.ask('GET', '/images/json?filters={"label":["__proto__=a"]}')).json).toHaveLength(1)
    expect((await engine.ask('GET', '/images/json?filters={"label":["valueOf"]}')).json).toEqual([])
  })
})

test('control characters are escaped in JSON, and messages are bounded', async () => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\r\u202e'
  const image = await buildImage({ config: { author: evil, config: { Labels: { evil } } } })
  const name = await pushTestImage(engine.registry.host, 'app', '1', image)
  await engine.ask('POST', `/images/create?fromImage=${name}`)
  const inspected = await engine.ask('GET', `/images/${name}/json`)
  expect(inspected.json).toMatchObject({ Author: evil, Config: { Labels: { evil } } })
  expect(inspected.text.trimEnd()).not.toMatch(/\p{Cc}/u)
  for (const target of [`/images/${encodeURIComponent(evil)}/json`, `/images/${'x'.repeat(100_000)}/json`]) {
    const { json } = await engine.ask('GET', target)
    const message = String(Reflect.get(Object(json), 'message'))
    expect(message).not.toMatch(/[\p{Cc}\u202e]/u)
    expect(message.length).toBeLessThan(1024)
  }
})

describe('over a socket', () => {
  let served: Served
  let socketPath: string
  let requests: string[]

  beforeEach(async () => {
    requests = []
    const server = createServer()
    const handler: HttpClient = async (request) => {
      requests.push(`${request.method} ${request.url}`)
      return await engine.engine(request)
    }
    served = serveOn(server, handler, { graceMs: 0 })
    socketPath = path.join(engine.directory.path, 'engine.sock')
    server.listen(socketPath)
    await once(server, 'listening')
  })
  afterEach(async () => {
    await served.close()
  })

  /** Sends bytes and resolves to all that comes back, once the server closes. */
  async function send(bytes: string): Promise<string> {
    const socket = net.connect(socketPath)
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString('latin1')))
    socket.on('error', () => {})
    socket.write(Buffer.from(bytes, 'latin1'))
    await once(socket, 'close')
    return text
  }

  const SECOND = 'DELETE /images/x HTTP/1.1\r\nHost: d\r\n\r\n'
  const post = (headers: string, body = ''): string => `POST /auth HTTP/1.1\r\nHost: d\r\n${headers}\r\n\r\n${body}`

  test.each([
    ['length and chunks', post('Content-Length: 4\r\nTransfer-Encoding: chunked', `0\r\n\r\n${SECOND}`)],
    ['chunks and length', post('Transfer-Encoding: chunked\r\nContent-Length: 4', `0\r\n\r\n${SECOND}`)],
    ['two lengths', post('Content-Length: 0\r\nContent-Length: 40', SECOND)],
    ['lengths in one header', post('Content-Length: 0, 40', SECOND)],
    ['a signed length', post('Content-Length: +4', SECOND)],
    ['a negative length', post('Content-Length: -1', SECOND)],
    ['a length in hexadecimal', post('Content-Length: 0x4', SECOND)],
    ['a length with a blank before its colon', post('Content-Length : 4', SECOND)],
    ['a huge length', post('Content-Length: 99999999999999999999999', SECOND)],
    ['chunked that is not last', post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${SECOND}`)],
    ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked, x', `0\r\n\r\n${SECOND}`)],
    ['chunked with a vertical tab', post('Transfer-Encoding: \u000bchunked', `0\r\n\r\n${SECOND}`)],
    ['an invalid chunk size', post('Transfer-Encoding: chunked', `x\r\n\r\n${SECOND}`)],
    ['a chunk size with a sign', post('Transfer-Encoding: chunked', `-1\r\n\r\n${SECOND}`)],
    ['a chunk longer than it says', post('Transfer-Encoding: chunked', `1\r\nabc\r\n0\r\n\r\n${SECOND}`)],
    ['a folded header', post('X-A: 1\r\n folded: 2', SECOND)],
    [
      'a header that ends in a bare line feed',
      `POST /auth HTTP/1.1\r\nHost: d\nX: 1\r\rContent-Length: 0\r\n\r\n${SECOND}`,
    ],
    ['a header that ends in a bare carriage return', `GET /_ping HTTP/1.1\r\nHost: d\r\n\rX: 1\r\n\r\n${SECOND}`],
    ['a NUL in a header', post('X-A: a\u0000b', SECOND)],
    ['a blank before the first header', `GET /_ping HTTP/1.1\r\n Host: d\r\n\r\n${SECOND}`],
    ['an unknown HTTP version', `GET /_ping HTTP/9.9\r\nHost: d\r\n\r\n${SECOND}`],
    ['an invalid method', `G\u0001T /_ping HTTP/1.1\r\nHost: d\r\n\r\n${SECOND}`],
  ])('%s is refused, the connection closed, and nothing after it executed', async (_, bytes) => {
    const text = await send(bytes)
    expect(text.slice(0, 12)).toMatch(/^HTTP\/1\.1 400$/)
    expect(requests.filter((request) => request.startsWith('DELETE'))).toEqual([])
  })

  test('a missing Host does no harm, and no answer echoes a Host', async () => {
    expect(await send('GET /_ping HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    const text = await send('GET /images/json HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(text).not.toContain('evil')
  })
})
