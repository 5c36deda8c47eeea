import { createServer as createTlsServer } from 'node:https'
import { createServer } from 'node:net'

import { collect, type ByteStream } from '@drayage/bytes'
import { createCertificate, randomBytes, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createDockerDaemon } from './docker-daemon.ts'
import { NEWEST_API_VERSION } from './limits.ts'
import { listener, notFound, startEngine, type Answer } from './test/test-engine.ts'

const bytesOf = (stream: ByteStream): Promise<Uint8Array> => collect(stream, { maxBytes: 10_000_000 })

const json =
  (value: unknown, status = 200): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))

const failed = (code: string, more: object = {}): unknown => expect.objectContaining({ code, ...more })

test('DockerDaemon.inspect() gives ID and names, and asks for the version once', async () => {
  await using engine = await startEngine(json({ Id: 'sha256:1', RepoTags: ['a:1', 'b:2'], Size: 1 }))
  const daemon = createDockerDaemon({ host: engine.host })
  expect(daemon.host).toBe(engine.host)
  const image = { id: 'sha256:1', repoTags: ['a:1', 'b:2'] }
  expect(await daemon.inspect('registry.example:5000/team/a:1')).toEqual(image)
  expect(await daemon.inspect('sha256:1')).toEqual(image)
  expect(engine.requests).toEqual([
    'GET /_ping',
    'GET /v1.41/images/registry.example%3A5000/team/a%3A1/json',
    'GET /v1.41/images/sha256%3A1/json',
  ])
})

test('DockerDaemon.inspect() gives images without names, and undefined for missing ones', async () => {
  await using engine = await startEngine(json({ Id: 'sha256:1', RepoTags: null }))
  expect(await createDockerDaemon({ host: engine.host }).inspect('a')).toEqual({ id: 'sha256:1', repoTags: [] })
  await using empty = await startEngine()
  expect(await createDockerDaemon({ host: empty.host }).inspect('a')).toBe(undefined)
})

test.each([
  [{ 'api-version': '1.24' }, '1.24'],
  [{ 'api-version': '1.9' }, '1.9'],
  [{ 'api-version': '1.99' }, NEWEST_API_VERSION],
  [{ 'api-version': '2.0' }, NEWEST_API_VERSION],
  [{}, '1.24'],
])('createDockerDaemon() speaks the version that both sides know: %j gives %s', async (versions, expected) => {
  await using engine = await startEngine(notFound, versions)
  await createDockerDaemon({ host: engine.host }).inspect('a')
  expect(engine.requests.at(-1)).toBe(`GET /v${expected}/images/a/json`)
})

test('createDockerDaemon() uses the given version, and refuses invalid options', async () => {
  await using engine = await startEngine(notFound, { 'api-version': 'odd/../1' })
  await createDockerDaemon({ host: engine.host, apiVersion: '1.30' }).inspect('a')
  expect(engine.requests).toEqual(['GET /v1.30/images/a/json'])
  await expect(createDockerDaemon({ host: engine.host }).inspect('a')).rejects.toThrow(failed('ERR_DOCKER_PROTOCOL'))
  expect(() => createDockerDaemon({ apiVersion: 'v1' })).toThrow(RangeError)
  expect(() => createDockerDaemon({ silenceTimeoutMs: 0 })).toThrow(RangeError)
  expect(() => createDockerDaemon({ host: 'ssh://a' })).toThrow(failed('ERR_DOCKER_HOST'))
})

test.each(['..', '../containers', 'a//b', './a', ''])('DockerDaemon.inspect() refuses the name "%s"', async (name) => {
  await using engine = await startEngine()
  await expect(createDockerDaemon({ host: engine.host }).inspect(name)).rejects.toThrow(RangeError)
  expect(engine.requests).toEqual(['GET /_ping'])
})

test.each([
  ['an array', []],
  ['null', null],
  ['no Id', { RepoTags: [] }],
  ['odd RepoTags', { Id: 'a', RepoTags: [1] }],
])('DockerDaemon.inspect() refuses an answer of %s', async (_, value) => {
  await using engine = await startEngine(json(value))
  await expect(createDockerDaemon({ host: engine.host }).inspect('a')).rejects.toThrow(failed('ERR_DOCKER_PROTOCOL'))
})

test('DockerDaemon.inspect() refuses an answer that is not JSON, too long, or of an odd status', async () => {
  const answers: Answer[] = [
    (_, response) => void response.end('<html>'),
    (_, response) => void response.end(`"${'x'.repeat(4 * 2 ** 20)}"`),
    (_, response) => void response.writeHead(302, { location: 'http://other/' }).end(),
  ]
  for (const answer of answers) {
    await using engine = await startEngine(answer)
    await expect(createDockerDaemon({ host: engine.host }).inspect('a')).rejects.toThrow(failed('ERR_DOCKER_PROTOCOL'))
  }
})

test('DockerDaemon.inspect() reports what the engine says about a failure', async () => {
  const answers: [Answer, string][] = [
    [json({ message: 'no space' }, 500), 'no space'],
    [(_, response) => void response.writeHead(502).end('bad gateway\n'), 'bad gateway'],
    [(_, response) => void response.writeHead(500).end('x'.repeat(100_000)), 'a message that is too long'],
    [
      (_, response) => {
        response.writeHead(500, { 'content-length': '100' }).write('{"mess')
        setImmediate(() => response.destroy())
      },
      'a message that was cut',
    ],
  ]
  for (const [answer, reason] of answers) {
    await using engine = await startEngine(answer)
    await expect(createDockerDaemon({ host: engine.host }).inspect('a')).rejects.toThrow(
      failed('ERR_DOCKER_ENGINE', { reason, status: expect.any(Number) }),
    )
  }
})

test('DockerDaemon.save() gives the bytes of the archive', async () => {
  const archive = randomBytes(1, 3_000_000)
  await using engine = await startEngine((_, response) => void response.end(archive))
  const daemon = createDockerDaemon({ host: engine.host })
  expect(Buffer.compare(await bytesOf(daemon.save(['a:1', 'b/c:2'])), archive)).toBe(0)
  expect(engine.requests.at(-1)).toBe('GET /v1.41/images/get?names=a%3A1&names=b%2Fc%3A2')
})

test('DockerDaemon.save() fails for a missing image and for an archive that is cut', async () => {
  await using empty = await startEngine()
  await expect(bytesOf(createDockerDaemon({ host: empty.host }).save(['a']))).rejects.toThrow(
    failed('ERR_DOCKER_NOT_FOUND', { image: 'a' }),
  )
  await using cut = await startEngine((_, response) => {
    response.write(randomBytes(1, 100_000), () => response.destroy())
  })
  const read: Uint8Array[] = []
  const reading = async (): Promise<void> => {
    for await (const chunk of createDockerDaemon({ host: cut.host }).save(['a'])) read.push(chunk)
  }
  await expect(reading()).rejects.toThrow(failed('ERR_DOCKER_CONNECTION', { host: cut.host }))
  expect(Buffer.concat(read).byteLength).toBeGreaterThan(0)
})

test('DockerDaemon.save() closes the connection when its reader stops early', async () => {
  await using engine = await startEngine((_, response) => void response.write(randomBytes(1, 100_000)))
  for await (const _ of createDockerDaemon({ host: engine.host }).save(['a'])) break
  while ((await engine.connections()) > 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('DockerDaemon gives up on a silent engine, but not because its own reader is slow', async () => {
  await using silent = await startEngine((_, response) => void response.write('abc'))
  const quick = createDockerDaemon({ host: silent.host, silenceTimeoutMs: 50 })
  await expect(bytesOf(quick.save(['a']))).rejects.toThrow(
    failed('ERR_DOCKER_CONNECTION', { message: expect.stringMatching(/it was silent for 0.05 s/) }),
  )
  const archive = randomBytes(1, 1_000_000)
  await using engine = await startEngine((_, response) => void response.end(archive))
  const read: Uint8Array[] = []
  for await (const chunk of createDockerDaemon({ host: engine.host, silenceTimeoutMs: 3000 }).save(['a'])) {
    if (read.length === 0) await new Promise((resolve) => setTimeout(resolve, 4000))
    read.push(chunk)
  }
  expect(Buffer.compare(Buffer.concat(read), archive)).toBe(0)
})

test('DockerDaemon stops with the reason of the signal, at any point', async () => {
  const reason = new Error('stopped')
  await using mute = await startEngine(() => {})
  const daemon = createDockerDaemon({ host: mute.host })
  const stop = new AbortController()
  const inspecting = daemon.inspect('a', { signal: stop.signal })
  inspecting.catch(() => {})
  while (mute.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  stop.abort(reason)
  await expect(inspecting).rejects.toBe(reason)
  await expect(daemon.inspect('a', { signal: stop.signal })).rejects.toBe(reason)
  await expect(bytesOf(daemon.save(['a'], { signal: stop.signal }))).rejects.toBe(reason)

  await using silent = await startEngine((_, response) => void response.write('abc'))
  const later = new AbortController()
  const reading = async (): Promise<void> => {
    for await (const _ of createDockerDaemon({ host: silent.host }).save(['a'], { signal: later.signal })) {
      setImmediate(() => later.abort(reason))
    }
  }
  await expect(reading()).rejects.toBe(reason)
})

test('DockerDaemon reports why there is no connection', async () => {
  await using directory = await tempDir()
  const host = `unix://${directory.path}/none.sock`
  await expect(createDockerDaemon({ host }).inspect('a')).rejects.toThrow(
    failed('ERR_DOCKER_CONNECTION', { errno: 'ENOENT', host }),
  )
  const server = createServer((socket) => socket.resume().end('SSH-2.0-OpenSSH\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await expect(createDockerDaemon({ host: hostOf(server) }).inspect('a')).rejects.toThrow(
    failed('ERR_DOCKER_CONNECTION', { errno: 'HPE_INVALID_CONSTANT' }),
  )
  await new Promise((resolve) => server.close(resolve))
})

test('DockerDaemon speaks TLS with a client certificate, and refuses an unknown server', async () => {
  const own = createCertificate({ ipAddress: '127.0.0.1' })
  const client = createCertificate({ dnsName: 'client' })
  const requests: string[] = []
  const secure = createTlsServer(
    { ...own, ca: client.cert, requestCert: true, rejectUnauthorized: true },
    listener(requests, json({ Id: 'sha256:1', RepoTags: [] })),
  )
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
  const host = hostOf(secure)
  const tls = { ca: own.cert, ...client }
  expect(await createDockerDaemon({ host, tls }).inspect('a')).toEqual({ id: 'sha256:1', repoTags: [] })
  await expect(createDockerDaemon({ host, tls: client }).inspect('a')).rejects.toThrow(failed('ERR_DOCKER_CONNECTION'))
  await expect(createDockerDaemon({ host, tls: { ca: own.cert } }).inspect('a')).rejects.toThrow(
    failed('ERR_DOCKER_CONNECTION'),
  )
  await expect(createDockerDaemon({ host }).inspect('a')).rejects.toThrow(failed('ERR_DOCKER_CONNECTION'))
  expect(requests).toHaveLength(2)
  await new Promise((resolve) => secure.close(resolve))
})

function hostOf(server: ReturnType<typeof createServer>): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return `tcp://127.0.0.1:${address.port}`
}
