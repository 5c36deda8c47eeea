import { collect, decodeText, fromBytes } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import { buildImage, buildLayer, randomBytes } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startEngine, type TestEngine } from './test/engine.ts'
import { pushTestImage } from './test/push-image.ts'

let engine: TestEngine

beforeEach(async () => {
  engine = await startEngine()
})
afterEach(async () => {
  expect(engine.errors).toEqual([])
  await engine[Symbol.asyncDispose]()
})

async function importTestImage(name: string): Promise<unknown> {
  const { bytes } = await buildLayer([{ path: name, content: name }], { compression: 'none' })
  const changes = encodeURIComponent('CMD ["x"]')
  const path = `/images/create?fromSrc=-&repo=${name}&tag=1&message=said&changes=${changes}`
  return (await engine.ask('POST', path, { body: bytes })).lines.at(-1)?.['status']
}

test('an import applies the requested changes and message', async () => {
  const id = await importTestImage('made')
  expect((await engine.ask('GET', '/images/made:1/json')).json).toMatchObject({
    Id: id,
    Config: { Cmd: ['x'] },
    Comment: 'said',
  })
})

test('scratch cannot be pulled, with a tag or without', async () => {
  for (const name of ['scratch', 'scratch&tag=1', 'docker.io/library/scratch', 'library/scratch:']) {
    const { status, json } = await engine.ask('POST', `/images/create?fromImage=${name}`)
    expect([name, status, json]).toEqual([name, 403, { message: "'scratch' is a reserved name" }])
  }
})

test('an import is answered once its image is here', async () => {
  const { bytes } = await buildLayer([{ path: 'a', content: 'a' }])
  const url = 'http://localhost/images/create?fromSrc=-&repo=made&tag=1'
  const { status, body } = await engine.engine({ method: 'POST', url, headers: {}, body: fromBytes(bytes) })
  expect([status, (await engine.ask('GET', '/images/made:1/json')).status]).toEqual([200, 200])
  await collect(body, { maxBytes: 1000 })
})

test('an import of a URL is refused, and the error says what to do', async () => {
  const answer = await engine.ask('POST', '/images/create?fromSrc=http://127.0.0.1:1/x.tar')
  expect([answer.status, answer.text]).toEqual([501, expect.stringContaining('import it from -')])
})

test('a prune removes images without a tag, and other images on request', async () => {
  await importTestImage('one')
  expect((await engine.ask('POST', '/images/prune')).json).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 })
  const filters = encodeURIComponent('{"dangling":["false"]}')
  const pruned = (await engine.ask('POST', `/images/prune?filters=${filters}`)).json
  expect(pruned).toMatchObject({ ImagesDeleted: expect.arrayContaining([{ Untagged: 'one:1' }]) })
  expect((await engine.ask('GET', '/images/json')).json).toEqual([])
})

test('invalid filters are refused', async () => {
  for (const filters of ['{', '[]', '{"dangling":1}', '{"dangling":["perhaps"]}', '{"x":["y"]}']) {
    const answer = await engine.ask('POST', `/images/prune?filters=${encodeURIComponent(filters)}`)
    expect([filters, answer.status]).toEqual([filters, 400])
  }
  const older = encodeURIComponent('{"label":{"a=b":true}}')
  expect((await engine.ask('GET', `/images/json?filters=${older}`)).json).toEqual([])
})

test('an event period that ends before it begins is refused', async () => {
  const refused = await engine.ask('GET', '/events?since=5&until=3')
  expect([refused.status, refused.json]).toEqual([
    400,
    { message: '`since` time (5) cannot be after `until` time (3)' },
  ])
})

test('past and new events are sent until the requested end, those before the first read too', async () => {
  engine.events.publish('tag', 'one', { name: 'one:1' })
  const until = Date.now() / 1000 + 1
  const filters = encodeURIComponent('{"type":["image"]}')
  const open = (query: string): Promise<HttpResponse> =>
    engine.engine({ method: 'GET', url: `http://localhost/events?${query}`, headers: {} })
  const responses = [await open(`since=1&until=${until}&filters=${filters}`), await open(`until=${until}`)]
  engine.events.publish('tag', 'two', { name: 'two:1' })
  const sent = responses.map(async ({ body }) => decodeText(await collect(body, { maxBytes: 10_000 })))
  engine.events.publish('untag', 'two', { name: 'two:1' })
  const ids = (await Promise.all(sent)).map((text) =>
    text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).Actor.ID])),
  )
  expect(ids).toEqual([
    ['one', 'two', 'two'],
    ['two', 'two'],
  ])
})

test('the distribution of a name comes from its registry', async () => {
  const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 100) }]] })
  const name = await pushTestImage(engine.registry.host, 'app', '1', image)
  expect((await engine.ask('GET', `/distribution/${name}/json`)).json).toEqual({
    Descriptor: image.manifest,
    Platforms: [{ os: 'linux', architecture: 'amd64' }],
  })
  expect((await engine.ask('GET', `/distribution/${engine.registry.host}/none/json`)).status).toBe(404)
  for (const id of ['a'.repeat(64), `sha256:${'a'.repeat(64)}`]) {
    const refused = await engine.ask('GET', `/distribution/${id}/json`)
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringContaining('no manifest found for full image ID'),
    ])
  }
  expect((await engine.ask('GET', '/distribution/scratch/json')).status).toBe(400)
})

test('a JSON body above 4 MiB is refused before it is read', async () => {
  const headers = { 'content-length': String(1024 ** 3) }
  const answer = await engine.ask('POST', '/images/app/push', { headers, body: '{}' })
  expect(answer.status).toBe(400)
  expect(answer.text).toContain('missing X-Registry-Auth')
})
