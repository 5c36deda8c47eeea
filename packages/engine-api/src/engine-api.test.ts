import { gzipSync } from 'node:zlib'

import { fromBytes } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
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

test('a ping has the headers by which clients negotiate, also for HEAD', async () => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers, bytes } = await engine.ask(method, '/_ping')
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'api-version': '1.57', ostype: 'linux', 'builder-version': '1' })
    expect(bytes.byteLength).toBe(method === 'GET' ? 2 : 0)
  }
})

test('versions from 1.22 to 1.57 are served, others are refused in the words of docker', async () => {
  for (const version of ['1.22', '1.24', '1.43', '1.57']) {
    expect((await engine.ask('GET', `/v${version}/version`)).json).toMatchObject({ Version: '1.2.3' })
  }
  for (const version of ['1.21', '1', '0.9.9']) {
    const older = await engine.ask('GET', `/v${version}/version`)
    const message = `client version ${version} is too old. Minimum supported API version is 1.22`
    expect([older.status, older.text]).toEqual([400, expect.stringContaining(message)])
  }
  for (const version of ['1.58', '2', '4.3.1']) {
    const newer = await engine.ask('GET', `/v${version}/version`)
    const message = `client version ${version} is too new. Maximum supported API version is 1.57`
    expect([newer.status, newer.text]).toEqual([400, expect.stringContaining(message)])
  }
})

test('a pull streams what docker shows, and the image can be inspected, tagged and removed', async () => {
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

test('a saved image loads under the same ID', async () => {
  const { name, id } = await pullTestImage()
  const saved = await engine.ask('GET', `/images/get?names=${name}`)
  expect([saved.status, saved.headers['content-type']]).toEqual([200, 'application/x-tar'])
  await engine.ask('DELETE', `/images/${name}`)
  const loaded = await engine.ask('POST', '/images/load', { body: saved.bytes })
  expect(loaded.lines).toEqual([{ stream: `Loaded image: ${name}\n` }])
  expect((await engine.ask('GET', `/images/${name}/json`)).json).toMatchObject({ Id: id })
})

test('a push ends with the tag, digest and size that were pushed', async () => {
  const { name } = await pullTestImage()
  const target = `${engine.registry.host}/other/app`
  await engine.ask('POST', `/images/${name}/tag?repo=${target}&tag=2`)
  const pushed = await engine.ask('POST', `/images/${target}/push?tag=2`, { headers: { 'x-registry-auth': 'e30=' } })
  expect(pushed.lines.at(-1)).toMatchObject({ aux: { Tag: '2', Digest: expect.stringMatching(/^sha256:/) } })
  expect(pushed.lines[0]).toEqual({ status: `The push refers to repository [${target}]` })
})

test('a push needs no credentials', async () => {
  const { name } = await pullTestImage()
  const target = `${engine.registry.host}/open/app`
  await engine.ask('POST', `/images/${name}/tag?repo=${target}&tag=1`)
  const bodies = [{}, { body: '' }, { body: '{}' }]
  for (const options of bodies) {
    const pushed = await engine.ask('POST', `/images/${target}/push?tag=1`, options)
    expect(pushed.lines.at(-1)).toMatchObject({ aux: { Tag: '1' } })
  }
  const refused = await engine.ask('POST', '/images/app/push?tag=1', { body: '{' })
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('missing X-Registry-Auth')])
})

test('a failure before the first line is a status, in the words of docker', async () => {
  const { host } = engine.registry
  const absent = await engine.ask('POST', `/images/create?fromImage=${host}/none&tag=1`)
  expect([absent.status, absent.text]).toEqual([404, expect.stringContaining(`manifest for ${host}/none:1 not found`)])
  const unknown = await engine.ask('GET', '/images/none/json')
  expect([unknown.status, unknown.json]).toEqual([404, { message: 'No such image: none:latest' }])
  const unnamed = await engine.ask('POST', '/images/create?fromImage=UPPER')
  expect(unnamed.status).toBe(400)
  expect((await engine.ask('GET', '/images/get?names=none')).status).toBe(404)
})

test('a schema 1 manifest without a signature is refused in the words of Docker Engine', async () => {
  await using own = await startEngine()
  const { host } = own.registry
  const blobSum = digestOf('layer')
  await fetch(`http://${host}/v2/old/app/blobs/uploads/?digest=${blobSum}`, { method: 'POST', body: 'layer' })
  const manifest = {
    ...{ schemaVersion: 1, name: 'old/app', tag: '1', architecture: 'amd64' },
    fsLayers: [{ blobSum }],
    history: [{ v1Compatibility: JSON.stringify({ id: 'a'.repeat(64), os: 'linux' }) }],
  }
  const headers = { 'content-type': 'application/vnd.docker.distribution.manifest.v1+json' }
  const body = JSON.stringify(manifest)
  const put = await fetch(`http://${host}/v2/old/app/manifests/1`, { method: 'PUT', headers, body })
  expect(put.status).toBe(201)
  const answer = await own.ask('POST', `/images/create?fromImage=${host}/old/app&tag=1`)
  const message = 'missing signature key'
  expect(answer.lines.at(-1)).toEqual({ errorDetail: { message }, error: message })
  expect(own.errors).toMatchObject([{ code: 'ERR_SCHEMA1' }])
})

test('an error that ends a progress stream is reported to onError too, since no status shows it', async () => {
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
  const message = 'received unexpected HTTP status: 500 Internal Server Error'
  expect(answer.lines.at(-1)).toEqual({ errorDetail: { message }, error: message })
  expect(broken.errors).toMatchObject([{ code: 'ERR_TRANSFER', message: expect.stringContaining(layer) }])
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

test('paths and methods that are not served are 404, broken escapes 400', async () => {
  for (const [method, path] of [
    ['GET', '/images'],
    ['PUT', '/images/json'],
    ['GET', '/containers/x/nothing'],
    ['PATCH', '/_ping'],
  ] as const) {
    const { status, json } = await engine.ask(method, path)
    expect([path, status, json]).toEqual([path, 404, { message: 'page not found' }])
  }
  expect((await engine.ask('GET', '/images/%zz/json')).status).toBe(400)
  expect((await engine.ask('OPTIONS', '/v1.57/images/json')).status).toBe(200)
})
