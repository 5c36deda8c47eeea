import { once } from 'node:events'

import { fromBytes } from '@drayage/bytes'
import { randomBytes } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createDockerDaemon } from './docker-daemon.ts'
import { bodyOf, startEngine, type Answer } from './test/test-engine.ts'

/** Answers with these lines once the whole archive is here. */
const saying =
  (...lines: readonly string[]): Answer =>
  (request, response) =>
    void bodyOf(request).then(() => response.end(lines.map((line) => `${line}\r\n`).join('')))

const LOADED = '{"stream":"Loaded image: a:1"}\n'
const NO_SPACE = '{"message":"no space left on device"}'

const failed = (code: string, more: object = {}): unknown => expect.objectContaining({ code, ...more })

test('DockerDaemon.load() sends the archive as it is and passes on what the engine says', async () => {
  const archive = randomBytes(2, 5_000_000)
  const seen: Buffer[] = []
  await using engine = await startEngine((request, response) => {
    expect(request.headers).toMatchObject({ 'content-type': 'application/x-tar', 'transfer-encoding': 'chunked' })
    void bodyOf(request).then((bytes) => {
      seen.push(bytes)
      response.write('{"status":"Loading layer","progressDetail":{"current":1},"progress":"[=>]","id":"a"}\r\n{"str')
      response.end('eam":"Loaded image: a:1\\n"}\n\n{"stream":"Loaded image ID: sha256:1\\n"}')
    })
  })
  const messages: string[] = []
  await createDockerDaemon({ host: engine.host }).load(fromBytes(archive.subarray(0, 10), archive.subarray(10)), {
    onMessage: (text) => void messages.push(text),
  })
  expect(Buffer.concat(seen).equals(archive)).toBe(true)
  expect(messages).toEqual(['Loaded image: a:1', 'Loaded image ID: sha256:1'])
  expect(engine.requests.at(-1)).toBe('POST /v1.41/images/load?quiet=0')
})

test.each([
  ['{"errorDetail":{"message":"no space"},"error":"other"}', 'no space'],
  ['{"error":"no space"}', 'no space'],
  ['{"errorDetail":{}}', 'an error without a message'],
])('DockerDaemon.load() fails for an error in the middle of the answer: %s', async (line, reason) => {
  await using engine = await startEngine(saying('{"stream":"Loading"}', line, '{"stream":"Loaded image: a:1"}'))
  await expect(createDockerDaemon({ host: engine.host }).load(fromBytes('abc'))).rejects.toThrow(
    failed('ERR_DOCKER_ENGINE', { reason, status: undefined }),
  )
})

test.each([
  ['is not JSON', 'Loaded'],
  ['is too long', `{"stream":"${'x'.repeat(65_536)}"}`],
])('DockerDaemon.load() fails for a line that %s', async (_, line) => {
  await using engine = await startEngine(saying(line))
  await expect(createDockerDaemon({ host: engine.host }).load(fromBytes('abc'))).rejects.toThrow(
    failed('ERR_DOCKER_PROTOCOL'),
  )
})

test('DockerDaemon.load() fails for an answer that is cut, and one that never comes', async () => {
  await using cut = await startEngine((request, response) => {
    void bodyOf(request).then(() => response.write('{"stream":"Loaded image: a:1"}\n', () => response.destroy()))
  })
  const gone = failed('ERR_DOCKER_CONNECTION')
  await expect(createDockerDaemon({ host: cut.host }).load(fromBytes('abc'))).rejects.toThrow(gone)
  await using none = await startEngine((request) => void bodyOf(request).then(() => request.socket.destroy()))
  await expect(createDockerDaemon({ host: none.host }).load(fromBytes('abc'))).rejects.toThrow(gone)
  await using silent = await startEngine(() => {})
  const quick = createDockerDaemon({ host: silent.host, silenceTimeoutMs: 50 })
  await expect(quick.load(fromBytes('abc'))).rejects.toThrow(gone)
})

test('ImageLoad.write() waits for an engine that does not read, and gives up on it', async () => {
  await using engine = await startEngine((request) => void request.pause())
  await using load = disposable(await createDockerDaemon({ host: engine.host, silenceTimeoutMs: 2000 }).openLoad())
  const block = new Uint8Array(1_000_000)
  let written = 0
  const writing = async (): Promise<void> => {
    for (;;) {
      await load.write(block)
      written++
    }
  }
  await expect(writing()).rejects.toThrow(failed('ERR_DOCKER_CONNECTION'))
  expect(written).toBeLessThan(20)
})

test('DockerDaemon.load() closes its source and reports what the engine says before the archive is whole', async () => {
  await using engine = await startEngine((request, response) => {
    // It keeps reading for a while, as Go's servers do, so that its answer is not lost.
    request.once('data', () => response.writeHead(500, { 'content-length': NO_SPACE.length }).write(NO_SPACE))
  })
  let isClosed = false
  const endless = async function* (): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (;;) {
        yield new Uint8Array(10_000)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    } finally {
      isClosed = true
    }
  }
  await expect(createDockerDaemon({ host: engine.host }).load(endless())).rejects.toThrow(
    failed('ERR_DOCKER_ENGINE', { status: 500, reason: 'no space left on device' }),
  )
  expect(isClosed).toBe(true)
})

test('DockerDaemon.load() ends when the engine needs no more of the archive', async () => {
  await using engine = await startEngine((request, response) => {
    request.once('data', () => response.writeHead(200, { 'content-length': LOADED.length }).write(LOADED))
  })
  const source = async function* (): AsyncGenerator<Uint8Array, void, void> {
    for (let count = 0; count < 20; count++) {
      yield new Uint8Array(1000)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const messages: string[] = []
  const options = { onMessage: (text: string): void => void messages.push(text) }
  await createDockerDaemon({ host: engine.host }).load(source(), options)
  expect(messages).toEqual(['Loaded image: a:1'])
})

test('ImageLoad.discard() breaks the archive off, as does a source that fails', async () => {
  const ends: boolean[] = []
  const ended = new EventTarget()
  await using engine = await startEngine((request) => {
    request.resume().on('error', () => {})
    request.on('close', () => {
      ends.push(request.complete)
      ended.dispatchEvent(new Event('end'))
    })
  })
  const daemon = createDockerDaemon({ host: engine.host })
  const load = await daemon.openLoad()
  await load.write(new Uint8Array(10))
  const first = once(ended, 'end')
  await load.discard()
  await first
  const failure = new Error('the source failed')
  const failing = async function* (): AsyncGenerator<Uint8Array, void, void> {
    yield new Uint8Array(10)
    throw failure
  }
  const second = once(ended, 'end')
  await expect(daemon.load(failing())).rejects.toBe(failure)
  await second
  expect(ends).toEqual([false, false])
})

test('DockerDaemon.load() stops with the reason of the signal, also while its source or the engine is silent', async () => {
  const reason = new Error('stopped')
  await using engine = await startEngine((request) => void bodyOf(request).catch(() => {}))
  const daemon = createDockerDaemon({ host: engine.host })
  const silent = async function* (): AsyncGenerator<Uint8Array, void, void> {
    yield new Uint8Array(10)
    await new Promise(() => {})
  }
  for (const source of [silent(), fromBytes('abc')]) {
    const stop = new AbortController()
    const before = engine.requests.length
    const loading = daemon.load(source, { signal: stop.signal })
    loading.catch(() => {})
    while (!engine.requests.slice(before).some((request) => request.startsWith('POST'))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    stop.abort(reason)
    await expect(loading).rejects.toBe(reason)
  }
})

function disposable<T extends { discard(): Promise<void> }>(load: T): T & AsyncDisposable {
  return Object.assign(load, { [Symbol.asyncDispose]: () => load.discard() })
}
