import { gzipSync } from 'node:zlib'

import { fromBytes } from '@drayage/bytes'
import { buildImage, randomBytes } from '@drayage/testkit'
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

async function pullTestImage(repository = 'team/app'): Promise<{ readonly name: string; readonly id: string }> {
  const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 5000) }]] })
  const name = await pushTestImage(engine.registry.host, repository, '1', image)
  const answer = await engine.ask('POST', `/images/create?fromImage=${encodeURIComponent(name)}`)
  expect(answer.lines.at(-1)).toEqual({ status: `Status: Downloaded newer image for ${name}` })
  return { name, id: image.imageId }
}

test('a ping tells what clients negotiate by, also to HEAD', async () => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers, bytes } = await engine.ask(method, '/_ping')
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'api-version': '1.50', ostype: 'linux', 'docker-experimental': 'false' })
    expect(bytes.byteLength).toBe(method === 'GET' ? 2 : 0)
  }
})

test('versions from 1.24 to 1.50 are served, others are refused in words that clients know', async () => {
  for (const version of ['1.24', '1.43', '1.50']) {
    expect((await engine.ask('GET', `/v${version}/version`)).json).toMatchObject({ Version: '1.2.3' })
  }
  const older = await engine.ask('GET', '/v1.23/version')
  expect([older.status, older.text]).toEqual([400, expect.stringContaining('client version 1.23 is too old')])
  const newer = await engine.ask('GET', '/v1.51/version')
  expect([newer.status, newer.text]).toEqual([400, expect.stringContaining('client version 1.51 is too new')])
})

test('a pull streams what docker shows, and the image can be looked at, tagged and removed', async () => {
  const { name, id } = await pullTestImage()
  expect((await engine.ask('GET', '/images/json')).json).toMatchObject([{ Id: id, RepoTags: [name] }])
  expect((await engine.ask('GET', `/images/${name}/json`)).json).toMatchObject({ Id: id })
  expect((await engine.ask('GET', `/images/${encodeURIComponent(name)}/history`)).json).toMatchObject([{ Id: id }])
  expect((await engine.ask('POST', `/images/${id}/tag?repo=other&tag=2`)).status).toBe(201)
  expect((await engine.ask('DELETE', `/images/${name}`)).json).toContainEqual({ Untagged: name })
  const removed = (await engine.ask('DELETE', '/images/other:2')).json
  expect(removed).toEqual(expect.arrayContaining([{ Untagged: 'other:2' }, { Deleted: id }]))
  expect((await engine.ask('GET', '/images/json')).json).toEqual([])
  expect(engine.events.recent().map(({ Action }) => Action)).toEqual(
    expect.arrayContaining(['pull', 'tag', 'untag', 'delete']),
  )
})

test('what is saved can be loaded under the same ID', async () => {
  const { name, id } = await pullTestImage()
  const saved = await engine.ask('GET', `/images/get?names=${name}`)
  expect([saved.status, saved.headers['content-type']]).toEqual([200, 'application/x-tar'])
  await engine.ask('DELETE', `/images/${name}`)
  const loaded = await engine.ask('POST', '/images/load', { body: saved.bytes })
  expect(loaded.lines).toEqual([{ stream: `Loaded image: ${name}\n` }])
  expect((await engine.ask('GET', `/images/${name}/json`)).json).toMatchObject({ Id: id })
})

test('a push ends with what was pushed', async () => {
  const { name } = await pullTestImage()
  const target = `${engine.registry.host}/other/app`
  await engine.ask('POST', `/images/${name}/tag?repo=${target}&tag=2`)
  const pushed = await engine.ask('POST', `/images/${target}/push?tag=2`, { headers: { 'x-registry-auth': 'e30=' } })
  expect(pushed.lines.at(-1)).toMatchObject({ aux: { Tag: '2', Digest: expect.stringMatching(/^sha256:/) } })
  expect(pushed.lines[0]).toEqual({ status: `The push refers to repository [${target}]` })
})

test('a push without credentials of any form is refused', async () => {
  const refused = await engine.ask('POST', '/images/app/push?tag=1')
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('missing X-Registry-Auth')])
})

test('a failure before the first line is a status, in words that clients look for', async () => {
  const { host } = engine.registry
  const absent = await engine.ask('POST', `/images/create?fromImage=${host}/none&tag=1`)
  expect([absent.status, absent.text]).toEqual([404, expect.stringContaining(`manifest for ${host}/none:1 not found`)])
  const unknown = await engine.ask('GET', '/images/none/json')
  expect([unknown.status, unknown.json]).toEqual([404, { message: 'No such image: none:latest' }])
  const unnamed = await engine.ask('POST', '/images/create?fromImage=UPPER')
  expect(unnamed.status).toBe(400)
  expect((await engine.ask('GET', '/images/get?names=none')).status).toBe(404)
})

test('a manifest of schema 1 is refused as what is no image', async () => {
  const { host } = engine.registry
  const manifest = {
    ...{ schemaVersion: 1, name: 'old/app', tag: '1', architecture: 'amd64' },
    fsLayers: [{ blobSum: `sha256:${'a'.repeat(64)}` }],
    history: [{ v1Compatibility: JSON.stringify({ id: 'a'.repeat(64), os: 'linux' }) }],
  }
  const headers = { 'content-type': 'application/vnd.docker.distribution.manifest.v1+json' }
  const body = JSON.stringify(manifest)
  const put = await fetch(`http://${host}/v2/old/app/manifests/1`, { method: 'PUT', headers, body })
  expect(put.status).toBe(201)
  const answer = await engine.ask('POST', `/images/create?fromImage=${host}/old/app&tag=1`)
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('expected a container image')])
})

test('an error that ends a stream of progress is told to the program too, as no status shows it', async () => {
  const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 5000) }]] })
  const layer = image.layers[0]?.descriptor.digest ?? ''
  await using broken = await startEngine((registry) => async (request) => {
    const response = await registry(request)
    if (request.method !== 'GET' || !request.url.endsWith(layer)) return response
    return { status: 500, headers: {}, body: fromBytes('out of order') }
  })
  const name = await pushTestImage(broken.registry.host, 'team/app', '1', image)
  const answer = await broken.ask('POST', `/images/create?fromImage=${encodeURIComponent(name)}`)
  expect(answer.status).toBe(200)
  expect(answer.lines.at(-1)).toMatchObject({ errorDetail: { message: expect.stringContaining('500') } })
  expect(broken.errors).toMatchObject([{ message: answer.lines.at(-1)?.['error'] }])
})

test('a failure of a load is a line of its stream', async () => {
  const answer = await engine.ask('POST', '/images/load', { body: 'no archive' })
  expect(answer.status).toBe(200)
  expect(answer.lines).toMatchObject([{ errorDetail: { message: expect.stringContaining('archive') } }])
  const torn = gzipSync(randomBytes(1, 5000)).subarray(0, 3000)
  for (const path of ['/images/load', '/images/create?fromSrc=-']) {
    const { lines, text } = await engine.ask('POST', path, { body: torn })
    expect(lines.length > 0 ? JSON.stringify(lines) : text).toContain('gzip stream: it ends too early')
  }
})

test('paths that are not served are 404, other methods 405, broken escapes 400', async () => {
  expect((await engine.ask('GET', '/images')).status).toBe(404)
  expect((await engine.ask('PUT', '/images/json')).status).toBe(405)
  expect((await engine.ask('GET', '/images/%zz/json')).status).toBe(400)
})
