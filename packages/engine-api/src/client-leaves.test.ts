import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { HttpClient, HttpResponse } from '@drayage/content'
import { serveOn, type Served } from '@drayage/registry-server/node'
import { buildImage, randomBytes } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startEngine, type TestEngine } from './test/engine.ts'
import { pushTestImage } from './test/push-image.ts'

const image = await buildImage({
  layers: [[{ path: 'large', content: randomBytes(1, 3_000_000) }]],
  compression: 'none',
})
const layer = image.layers[0]?.descriptor.digest ?? ''

let engine: TestEngine
let served: Served
let socketPath: string
/** Lets the second half of the layer come. */
let open: PromiseWithResolvers<void>
/** How often the layer was asked for, and where from. */
let asked: string[]
/** Requests of the layer that were broken off. */
let left: number

function holding(registry: HttpClient): HttpClient {
  return async (request) => {
    const response = await registry(request)
    if (request.method !== 'GET' || !request.url.endsWith(layer)) return response
    asked.push(request.headers['range'] ?? 'all')
    const gone = new Promise<void>((resolve) => {
      request.signal?.addEventListener('abort', () => {
        left++
        resolve()
      })
    })
    return halfHeld(response, Promise.race([open.promise, gone]))
  }
}

const PIECE = 65_536

/** The answer, whose second half comes when it may. */
function halfHeld(response: HttpResponse, mayGoOn: Promise<void>): HttpResponse {
  async function* body(): AsyncGenerator<Uint8Array> {
    let bytes = 0
    for await (const chunk of response.body) {
      for (let at = 0; at < chunk.byteLength; at += PIECE) {
        if (bytes > 1_500_000) await mayGoOn
        const piece = chunk.subarray(at, at + PIECE)
        bytes += piece.byteLength
        yield piece
      }
    }
  }
  return { ...response, body: body() }
}

beforeEach(async () => {
  open = Promise.withResolvers<void>()
  asked = []
  left = 0
  engine = await startEngine(holding)
  const server = createServer()
  served = serveOn(server, engine.engine, { graceMs: 0 })
  socketPath = path.join(engine.directory.path, 'engine.sock')
  server.listen(socketPath)
  await once(server, 'listening')
})
afterEach(async () => {
  open.resolve()
  await served.close()
  expect(engine.errors).toEqual([])
  await engine[Symbol.asyncDispose]()
})

/** Begins a request over the socket; resolves when its answer begins. */
async function begin(method: string, target: string): Promise<IncomingMessage> {
  const sent = httpRequest({ socketPath, method, path: target }).end()
  sent.on('error', () => {})
  const [response]: unknown[] = await once(sent, 'response')
  if (typeof response !== 'object' || response === null || !('statusCode' in response)) throw new Error('no answer')
  return response as IncomingMessage
}

/** Resolves when the first half is on the disk. */
async function untilHeld(): Promise<void> {
  const ingest = path.join(engine.directory.path, 'store', 'ingest')
  for (;;) {
    const names = await readdir(ingest, { recursive: true }).catch(() => [])
    for (const name of names) {
      const bytes = (await stat(path.join(ingest, name)).catch(() => undefined))?.size ?? 0
      if (bytes >= 1_000_000) return
    }
    await sleep(5)
  }
}

async function lastLine(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return text.trimEnd().split('\r\n').at(-1) ?? ''
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5)
}

test('a client that disconnects stops a pull that no other client waits for, and transferred bytes are kept', async () => {
  const name = await pushTestImage(engine.registry.host, 'app', '1', image)
  const first = await begin('POST', `/images/create?fromImage=${name}`)
  await untilHeld()
  first.destroy()
  await until(() => left > 0 && engine.runtime.transfers.active === 0)
  expect((await engine.ask('GET', '/images/json')).json).toEqual([])
  open.resolve()
  const again = await engine.ask('POST', `/images/create?fromImage=${name}`)
  expect(again.lines.at(-1)).toEqual({ status: `Status: Downloaded newer image for ${name}` })
  expect(asked).toEqual(['all', expect.stringMatching(/^bytes=[1-9]\d*-$/)])
})

test('a client that disconnects does not stop a pull that another client waits for', async () => {
  const name = await pushTestImage(engine.registry.host, 'app', '1', image)
  const first = await begin('POST', `/images/create?fromImage=${name}`)
  const second = await begin('POST', `/images/create?fromImage=${name}`)
  await untilHeld()
  first.destroy()
  await once(first, 'close')
  open.resolve()
  expect(await lastLine(second)).toContain('Downloaded newer image')
  expect([asked, left]).toEqual([['all'], 0])
})

test('a client that does not read delays no pull', async () => {
  open.resolve()
  const name = await pushTestImage(engine.registry.host, 'app', '1', image)
  const slow = await begin('POST', `/images/create?fromImage=${name}`)
  slow.pause()
  await until(() => engine.events.recent().some(({ Action }) => Action === 'pull'))
  expect((await engine.ask('GET', `/images/${name}/json`)).json).toMatchObject({ Id: image.imageId })
  expect(await lastLine(slow)).toContain('Downloaded newer image')
})

test('a daemon that stops during a pull aborts its answers, and the next pull resumes', async () => {
  const name = await pushTestImage(engine.registry.host, 'app', '1', image)
  const first = await begin('POST', `/images/create?fromImage=${name}`)
  await untilHeld()
  const ended = lastLine(first)
  await served.close()
  await expect(ended).rejects.toThrow(expect.objectContaining({ code: 'ECONNRESET' }))
  await until(() => left > 0 && engine.runtime.transfers.active === 0)
  open.resolve()
  const again = await engine.ask('POST', `/images/create?fromImage=${name}`)
  expect(again.lines.at(-1)).toEqual({ status: `Status: Downloaded newer image for ${name}` })
  expect(asked).toEqual(['all', expect.stringMatching(/^bytes=[1-9]\d*-$/)])
})

test('an unreachable registry is a status, not a line', async () => {
  const answer = await engine.ask('POST', '/images/create?fromImage=127.0.0.1:1/app&tag=1')
  expect(answer.status).toBe(500)
  expect(engine.errors.splice(0)).toHaveLength(1)
})
