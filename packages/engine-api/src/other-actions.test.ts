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

test('an import makes an image with the changes and the message that were asked for', async () => {
  const id = await importTestImage('made')
  expect((await engine.ask('GET', '/images/made:1/json')).json).toMatchObject({
    Id: id,
    Config: { Cmd: ['x'] },
    Comment: 'said',
  })
})

test('an import of a URL is refused with what to do', async () => {
  const answer = await engine.ask('POST', '/images/create?fromSrc=http://127.0.0.1:1/x.tar')
  expect([answer.status, answer.text]).toEqual([501, expect.stringContaining('import it from -')])
})

test('a prune removes images without a tag, and others when asked to', async () => {
  await importTestImage('one')
  expect((await engine.ask('POST', '/images/prune')).json).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 })
  const filters = encodeURIComponent('{"dangling":["false"]}')
  const pruned = (await engine.ask('POST', `/images/prune?filters=${filters}`)).json
  expect(pruned).toMatchObject({ ImagesDeleted: expect.arrayContaining([{ Untagged: 'one:1' }]) })
  expect((await engine.ask('GET', '/images/json')).json).toEqual([])
})

test('filters that are none are refused', async () => {
  for (const filters of ['{', '[]', '{"dangling":1}', '{"dangling":["perhaps"]}', '{"x":["y"]}']) {
    const answer = await engine.ask('POST', `/images/prune?filters=${encodeURIComponent(filters)}`)
    expect([filters, answer.status]).toEqual([filters, 400])
  }
  const older = encodeURIComponent('{"label":{"a=b":true}}')
  expect((await engine.ask('GET', `/images/json?filters=${older}`)).json).toEqual([])
})

test('the disk usage tells of images alone', async () => {
  await importTestImage('one')
  const { json } = await engine.ask('GET', '/system/df')
  expect(json).toMatchObject({ Images: [{ RepoTags: ['one:1'], SharedSize: 0 }], Containers: [], Volumes: [] })
  expect((await engine.ask('GET', '/system/df?type=volume')).json).toMatchObject({ Images: null, Volumes: [] })
  expect((await engine.ask('GET', '/system/df?type=other')).status).toBe(400)
})

test('events of a time that ends before it begins are refused', async () => {
  const refused = await engine.ask('GET', '/events?since=5&until=3')
  expect([refused.status, refused.json]).toEqual([
    400,
    { message: '`since` time (5) cannot be after `until` time (3)' },
  ])
})

test('events of the past and those to come are told until the end that was asked for', async () => {
  const one = await importTestImage('one')
  const until = Date.now() / 1000 + 1
  const answer = engine.ask('GET', `/events?since=1&until=${until}&filters=${encodeURIComponent('{"type":["image"]}')}`)
  const two = await importTestImage('two')
  expect(
    (await answer).lines.map(({ Action, Actor }) => [Action, Reflect.get(Object(Actor), 'Attributes').name]),
  ).toEqual([
    ['tag', 'one:1'],
    ['import', one],
    ['tag', 'two:1'],
    ['import', two],
  ])
})

test('the distribution of a name is that of its registry', async () => {
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
  expect((await engine.ask('GET', '/distribution/scratch/json')).status).toBe(403)
})

test('there are no containers, and none can be made', async () => {
  expect((await engine.ask('GET', '/containers/json')).json).toEqual([])
  expect((await engine.ask('GET', '/containers/x/json')).json).toEqual({ message: 'No such container: x' })
  expect((await engine.ask('GET', '/networks/x')).status).toBe(404)
  expect((await engine.ask('GET', '/services/x')).status).toBe(503)
  for (const path of ['/containers/create', '/build', '/containers/x/start', '/networks/create']) {
    expect([path, (await engine.ask('POST', path)).status]).toEqual([path, 501])
  }
  expect((await engine.ask('GET', '/info')).json).toMatchObject({ Containers: 0, ServerVersion: '1.2.3' })
})

test('S62 a JSON body above 4 MiB is refused before it is read', async () => {
  const headers = { 'content-length': String(1024 ** 3) }
  const answer = await engine.ask('POST', '/images/app/push', { headers, body: '{}' })
  expect(answer.status).toBe(400)
  expect(answer.text).toContain('missing X-Registry-Auth')
})
