import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

import { bytesResponse, type HttpClient } from '@drayage/content'
import { expect, onTestFinished, test } from 'vitest'

import { type HttpServer, serve, type ServeOptions } from './serve.ts'

const HANDLER: HttpClient = async () => bytesResponse(200, 'ok', {})

async function start(options: ServeOptions, handler: HttpClient = HANDLER): Promise<HttpServer> {
  const server = await serve(handler, options)
  onTestFinished(() => server.close())
  return server
}

async function open(server: HttpServer, text = ''): Promise<Socket> {
  const [host = '', port] = server.host.split(':')
  const socket = connect(Number(port), host)
  socket.on('error', () => {}).resume()
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

test('a client is answered however many connections wait with half a header', async () => {
  const server = await start({ connections: { total: 20, perAddress: 15 } })
  const sockets: Socket[] = []
  for (let count = 0; count < 100; count++) sockets.push(await open(server, 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: '))
  for (let round = 0; round < 5; round++) expect((await fetch(server.url)).status).toBe(200)
  await expect.poll(() => sockets.filter((socket) => socket.readyState === 'open').length).toBeLessThanOrEqual(15)
  // The oldest have gone.
  expect(sockets.at(-1)?.readyState).toBe('open')
})

test('a connection whose request is being answered is not closed for a new one', async () => {
  const go = Promise.withResolvers<void>()
  let begun = 0
  const server = await start({ connections: { total: 3, perAddress: 3 } }, async () => {
    begun++
    await go.promise
    return bytesResponse(200, 'ok', {})
  })
  const answers = [1, 2, 3].map(() => fetch(server.url))
  await expect.poll(() => begun).toBe(3)
  const refused = await open(server)
  await once(refused, 'close')
  go.resolve()
  for (const answer of answers) expect((await answer).status).toBe(200)
})

test('a connection that is kept alive waits for its next request, and goes before younger ones', async () => {
  const server = await start({ connections: { total: 2, perAddress: 2 } })
  const kept = await open(server, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  const [answer]: unknown[] = await once(kept, 'data')
  expect(String(answer)).toContain('200')
  const second = await open(server)
  const third = await open(server)
  await once(kept, 'close')
  expect([second.readyState, third.readyState]).toEqual(['open', 'open'])
})
