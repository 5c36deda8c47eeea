import { createMemoryStore } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { createRegistryHandler } from '../handler/handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { createTestClient } from '../test/client.ts'
import { startFaulty } from '../test/faulty.ts'
import { tokenAuth } from '../auth/token-auth.ts'
import type { Fault } from './fault.ts'
import { FAULT_POINTS, type FaultPoint } from './points.ts'
import { seededRandom } from './due-faults.ts'
import { withFaults } from './with-faults.ts'

const ALL = 'always'

test('withFaults() without faults changes nothing', async () => {
  const { client, digest, content } = await startFaulty([])
  expect((await client.send('GET', `/v2/a/blobs/${digest}`)).bytes).toEqual(content)
  expect((await client.send('GET', '/v2/A/tags/list')).status).toBe(400)
  expect((await client.send('GET', '/elsewhere')).status).toBe(404)
})

test('every request has the one point that is its own', async () => {
  const { client, digest, config, manifest, begin, events } = await startFaulty([
    { point: 'any', kind: 'no-digest', times: ALL },
    { point: 'any', kind: 'header-flood', headers: 1, times: ALL },
  ])
  const upload = await begin()
  const sent: Record<FaultPoint, [method: string, path: string]> = {
    ping: ['GET', '/v2/'],
    token: ['GET', '/token'],
    'manifest-head-tag': ['HEAD', '/v2/a/manifests/1'],
    'manifest-head-digest': ['HEAD', `/v2/a/manifests/${manifest}`],
    'manifest-get-tag': ['GET', '/v2/a/manifests/1'],
    'manifest-get-digest': ['GET', `/v2/a/manifests/${manifest}`],
    'config-get': ['GET', `/v2/a/blobs/${config}`],
    'blob-get': ['GET', `/v2/a/blobs/${digest}`],
    'blob-head': ['HEAD', `/v2/a/blobs/${digest}`],
    'upload-post': ['POST', '/v2/a/blobs/uploads/'],
    'upload-patch': ['PATCH', upload],
    'upload-put': ['PUT', upload],
    'upload-get': ['GET', upload],
    'manifest-put': ['PUT', '/v2/a/manifests/2'],
    'mount-post': ['POST', `/v2/b/blobs/uploads/?mount=${digest}&from=a`],
    'tags-list': ['GET', '/v2/a/tags/list'],
    referrers: ['GET', `/v2/a/referrers/${manifest}`],
  }
  expect(Object.keys(sent)).toEqual(Object.keys(FAULT_POINTS))
  for (const [point, [method, path]] of Object.entries(sent)) {
    const before = events.length
    await client.send(method, path)
    const flood = events.slice(before).filter(({ fault }) => fault.kind === 'header-flood')
    expect(flood.map((event) => [event.point, event.method, event.path])).toEqual([[point, method, path.split('?')[0]]])
  }
  const before = events.length
  await client.send('GET', '/v2/_catalog')
  await client.send('DELETE', upload)
  expect(events.length).toBe(before)
})

test('a config is recognised by the manifest that was pushed before', async () => {
  const { client, plain, events } = await startFaulty([{ point: 'config-get', kind: 'html' }])
  const digest = await plain.pushBlob('b', '{"x":1}')
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 7 }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: headers['content-type'], config, layers: [] })
  await client.send('GET', `/v2/b/blobs/${digest}`)
  expect(events).toEqual([])
  expect((await client.send('PUT', '/v2/b/manifests/1', { headers, body })).status).toBe(201)
  await client.send('GET', `/v2/b/blobs/${digest}`)
  expect(events.map(({ point }) => point)).toEqual(['config-get'])
})

/** The statuses of `count` GETs of the tags. */
async function statuses(fault: Omit<Fault, 'point' | 'kind'>, count: number, seed = 0): Promise<number[]> {
  const { client } = await startFaulty([{ point: 'tags-list', kind: 'server-error', status: 503, ...fault }], { seed })
  const found: number[] = []
  for (let index = 0; index < count; index++) found.push((await client.send('GET', '/v2/a/tags/list')).status)
  return found
}

test('a fault happens once by default, `times` often, and after the first `after`', async () => {
  expect(await statuses({}, 3)).toEqual([503, 200, 200])
  expect(await statuses({ times: 2 }, 3)).toEqual([503, 503, 200])
  expect(await statuses({ times: 2, after: 1 }, 4)).toEqual([200, 503, 503, 200])
  expect(await statuses({ times: 'always' }, 3)).toEqual([503, 503, 503])
})

test('a fault with a probability happens about that often, the same way for the same seed', async () => {
  const first = await statuses({ times: 'always', probability: 0.2 }, 1000, 7)
  const faulted = first.filter((status) => status === 503).length
  expect(faulted).toBeGreaterThan(150)
  expect(faulted).toBeLessThan(250)
  expect(await statuses({ times: 'always', probability: 0.2 }, 1000, 7)).toEqual(first)
  expect(await statuses({ times: 'always', probability: 0.2 }, 1000, 8)).not.toEqual(first)
})

test('seededRandom() gives numbers from 0 to 1 that depend on the seed only and spread evenly', () => {
  const random = seededRandom(42)
  const numbers = Array.from({ length: 10_000 }, () => random())
  const again = seededRandom(42)
  expect(numbers.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => again()))
  expect(numbers.every((each) => each >= 0 && each < 1)).toBe(true)
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = numbers.filter((each) => Math.floor(each * 10) === tenth).length
    expect(count).toBeGreaterThan(900)
    expect(count).toBeLessThan(1100)
  }
})

test('`random` takes the place of the seed', async () => {
  const fault: Fault = { point: 'ping', kind: 'html', times: ALL, probability: 0.5 }
  const draws = [0.6, 0.4]
  const { client, events } = await startFaulty([fault], { random: () => draws.shift() ?? 1 })
  for (let index = 0; index < 3; index++) await client.send('GET', '/v2/')
  expect(events).toHaveLength(1)
})

test('withFaults() refuses a seed that is not an integer', async () => {
  await expect(startFaulty([], { seed: 0.5 })).rejects.toThrow(RangeError)
})

test('`match` narrows a fault to a repository, a reference, a method or requests with a range', async () => {
  const { client, plain, digest, events, begin } = await startFaulty([
    { point: 'tags-list', kind: 'html', match: { repository: 'b' } },
    { point: 'any', kind: 'forbidden', match: { reference: digestOf('x') }, times: ALL },
    { point: 'blob-get', kind: 'not-found', match: { ranged: true } },
    { point: 'any', kind: 'rate-limited', match: { method: 'HEAD' } },
  ])
  const other = await plain.pushBlob('b', 'x')
  const upload = await begin('x')
  expect((await client.send('GET', '/v2/a/tags/list')).headers['content-type']).toBe('application/json')
  expect((await client.send('GET', '/v2/b/tags/list')).headers['content-type']).toContain('text/html')
  expect((await client.send('GET', `/v2/b/blobs/${other}`)).status).toBe(403)
  expect((await client.send('PUT', `${upload}?digest=${other}`)).status).toBe(403)
  expect((await client.send('POST', `/v2/a/blobs/uploads/?mount=${other}&from=b`)).status).toBe(403)
  expect((await client.send('GET', `/v2/a/blobs/${digest}`)).status).toBe(200)
  const range = { headers: { range: 'bytes=1-2' } }
  expect((await client.send('GET', `/v2/a/blobs/${digest}`, range)).status).toBe(404)
  expect((await client.send('GET', `/v2/a/blobs/${digest}`, range)).status).toBe(206)
  expect((await client.send('HEAD', `/v2/a/blobs/${digest}`)).status).toBe(429)
  expect(events.map(({ index }) => index)).toEqual([0, 1, 1, 1, 2, 3])
})

test('several faults of one request work together, and one that answers hides those after it', async () => {
  const { client, begin, events } = await startFaulty([
    { point: 'upload-patch', kind: 'created-on-patch' },
    { point: 'upload-patch', kind: 'no-range' },
    { point: 'upload-patch', kind: 'server-error', after: 1 },
    { point: 'upload-patch', kind: 'location', form: 'absolute' },
  ])
  const upload = await begin()
  const first = await client.send('PATCH', upload, { body: 'x' })
  expect([first.status, first.headers['range']]).toEqual([201, undefined])
  expect(first.headers['location']).toBe(`http://registry.test${upload}`)
  expect((await client.send('PATCH', upload, { body: 'x' })).status).toBe(500)
  expect(events.map(({ fault }) => fault.kind)).toEqual(['location', 'no-range', 'created-on-patch', 'server-error'])
})

test('a fault that cannot happen to a request is kept for the next', async () => {
  const { client, digest, events } = await startFaulty([{ point: 'blob-get', kind: 'bit-flip', atByte: 500 }])
  const path = `/v2/a/blobs/${digest}`
  await client.send('GET', path, { headers: { range: 'bytes=0-9' } })
  expect(events).toEqual([])
  await client.send('GET', path)
  expect(events).toHaveLength(1)
})

test('concurrent requests do not share one occurrence of a fault', async () => {
  const { client, digest, events } = await startFaulty([{ point: 'blob-get', kind: 'body-short', afterBytes: 10 }])
  const replies = await Promise.all([1, 2, 3].map(() => client.send('GET', `/v2/a/blobs/${digest}`)))
  expect(replies.map(({ bytes }) => bytes.byteLength)).toEqual([10, 1000, 1000])
  expect(events).toHaveLength(1)
})

const users = new Map([['u', 'p']])

test('expired-token answers 401 with the challenge of the registry, the scope and invalid_token', async () => {
  const fault: Fault = { point: 'upload-patch', kind: 'expired-token' }
  const bearer = await startFaulty([fault], { wrap: tokenAuth({ users }) })
  const upload = await bearer.begin('ab')
  const reply = await bearer.client.send('PATCH', upload, { body: 'c', headers: { authorization: 'Bearer 12' } })
  expect([reply.status, reply.headers['www-authenticate']]).toEqual([
    401,
    'Bearer realm="http://registry.test/token",service="registry",scope="repository:a:pull,push",error="invalid_token"',
  ])
  expect((await bearer.plain.send('GET', upload)).headers['range']).toBe('0-1')
  const open = await startFaulty([fault, { point: 'ping', kind: 'expired-token', challenge: 'Basic realm="x"' }])
  const plain = await open.client.send('PATCH', await open.begin(), { body: 'c' })
  expect(plain.headers['www-authenticate']).toMatch(/^Bearer realm="http:\/\/registry.test\/token".*invalid_token"$/)
  expect((await open.client.send('GET', '/v2/')).headers['www-authenticate']).toBe('Basic realm="x"')
})

test('token-life refuses the token once its life is over, and announces that in expires_in', async () => {
  let time = 1000
  const registry = createRegistryHandler({ storage: createMemoryStorage({ content: createMemoryStore() }) })
  const faults: Fault[] = [{ point: 'token', kind: 'token-life', lifeMs: 5000 }]
  const client = createTestClient(withFaults(tokenAuth({ users })(registry), faults, { now: () => time }))
  const login = { headers: { authorization: `Basic ${btoa('u:p')}` } }
  const ask = async (): Promise<{ token: string; expires_in: number }> =>
    JSON.parse((await client.send('GET', '/token?scope=repository:a:pull,push', login)).text)
  const { token, expires_in } = await ask()
  expect(expires_in).toBe(5)
  const headers = { authorization: `Bearer ${token}` }
  expect((await client.send('POST', '/v2/a/blobs/uploads/', { headers })).status).toBe(202)
  time += 4999
  expect((await client.send('POST', '/v2/a/blobs/uploads/', { headers })).status).toBe(202)
  time += 1
  const late = await client.send('POST', '/v2/a/blobs/uploads/', { headers })
  expect([late.status, late.headers['www-authenticate']]).toEqual([401, expect.stringContaining('invalid_token')])
  const fresh = await ask()
  expect(fresh.expires_in).toBe(300)
  time += 60_000
  const renewed = { headers: { authorization: `Bearer ${fresh.token}` } }
  expect((await client.send('POST', '/v2/a/blobs/uploads/', renewed)).status).toBe(202)
})

test('token-life can leave expires_in as it is, and ignores a refused login', async () => {
  const silent: Fault = { point: 'token', kind: 'token-life', lifeMs: 0, announce: false }
  const { client, events } = await startFaulty([silent], { wrap: tokenAuth({ users }) })
  const refused = { headers: { authorization: 'Basic eA==' } }
  expect((await client.send('GET', '/token', refused)).status).toBe(401)
  expect(events).toEqual([])
  const { token, expires_in } = JSON.parse((await client.send('GET', '/token')).text)
  expect(expires_in).toBe(300)
  expect((await client.send('GET', '/v2/', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
})
