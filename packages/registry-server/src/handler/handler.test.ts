import { buildImage, buildIndex } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createRegistryHandler } from './handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { codeOf, createTestClient, type TestClient } from '../test/client.ts'

function start(options: { readonly deletes?: boolean } = {}): TestClient {
  return createTestClient(createRegistryHandler({ storage: createMemoryStorage(), ...options }))
}

async function pushImage(client: TestClient, repository: string, tag: string) {
  const image = await buildImage()
  await client.pushBlob(repository, image.configBytes)
  for (const layer of image.layers) await client.pushBlob(repository, layer.bytes)
  const headers = { 'content-type': image.manifest.mediaType }
  const reply = await client.send('PUT', `/v2/${repository}/manifests/${tag}`, { headers, body: image.manifestBytes })
  return { image, reply }
}

test('createRegistryHandler() answers a ping', async () => {
  const client = start()
  for (const path of ['/v2/', '/v2']) {
    const reply = await client.send('GET', path)
    expect(reply.status).toBe(200)
    expect(reply.headers['docker-distribution-api-version']).toBe('registry/2.0')
  }
})

test('createRegistryHandler() gives a pushed image back byte for byte, by tag and by digest', async () => {
  const client = start()
  const { image, reply } = await pushImage(client, 'library/app', '1.0')
  expect(reply.status).toBe(201)
  expect(reply.headers['location']).toBe(`/v2/library/app/manifests/${image.manifest.digest}`)
  expect(reply.headers['docker-content-digest']).toBe(image.manifest.digest)
  for (const name of ['1.0', image.manifest.digest]) {
    const manifest = await client.send('GET', `/v2/library/app/manifests/${name}`)
    expect(manifest.status).toBe(200)
    expect(manifest.bytes).toEqual(image.manifestBytes)
    expect(manifest.headers['content-type']).toBe(image.manifest.mediaType)
    const head = await client.send('HEAD', `/v2/library/app/manifests/${name}`)
    expect(head.headers).toEqual(manifest.headers)
    expect(head.bytes.byteLength).toBe(0)
  }
  for (const { descriptor, bytes } of image.layers) {
    const blob = await client.send('GET', `/v2/library/app/blobs/${descriptor.digest}`)
    expect(blob.bytes).toEqual(bytes)
    const head = await client.send('HEAD', `/v2/library/app/blobs/${descriptor.digest}`)
    expect(head.headers['content-length']).toBe(String(bytes.byteLength))
    expect(head.bytes.byteLength).toBe(0)
  }
})

test('createRegistryHandler() accepts an index only when its manifests are there', async () => {
  const client = start()
  const { image } = await pushImage(client, 'a', 'one')
  const index = buildIndex([image])
  const put = (repository: string) =>
    client.send('PUT', `/v2/${repository}/manifests/all`, {
      headers: { 'content-type': index.manifest.mediaType },
      body: index.manifestBytes,
    })
  expect((await put('a')).status).toBe(201)
  const refused = await put('b')
  expect(refused.status).toBe(400)
  expect(codeOf(refused)).toBe('MANIFEST_BLOB_UNKNOWN')
})

test('createRegistryHandler() refuses a manifest whose blobs the repository does not have', async () => {
  const client = start()
  const image = await buildImage()
  await client.pushBlob('other', image.configBytes)
  const headers = { 'content-type': image.manifest.mediaType }
  const reply = await client.send('PUT', '/v2/a/manifests/1', { headers, body: image.manifestBytes })
  expect(reply.status).toBe(400)
  expect(codeOf(reply)).toBe('MANIFEST_BLOB_UNKNOWN')
  expect((await client.send('GET', '/v2/a/manifests/1')).status).toBe(404)
})

test('createRegistryHandler() refuses a manifest that is malformed or has another digest or type', async () => {
  const client = start()
  const { image } = await pushImage(client, 'a', '1')
  const headers = { 'content-type': image.manifest.mediaType }
  const cases = [
    { path: 'x', headers, body: '{}', code: 'MANIFEST_INVALID' },
    { path: 'x', headers, body: 'no json', code: 'MANIFEST_INVALID' },
    { path: 'x', headers: { 'content-type': 'image/png' }, body: image.manifestBytes, code: 'MANIFEST_INVALID' },
    { path: image.config.digest, headers, body: image.manifestBytes, code: 'DIGEST_INVALID' },
    { path: 'sha256:short', headers, body: image.manifestBytes, code: 'DIGEST_INVALID' },
    { path: '-tag', headers, body: image.manifestBytes, code: 'TAG_INVALID' },
    { path: 't'.repeat(129), headers, body: image.manifestBytes, code: 'TAG_INVALID' },
  ]
  for (const { path, code, ...extra } of cases) {
    const reply = await client.send('PUT', `/v2/a/manifests/${path}`, extra)
    expect([path, reply.status, codeOf(reply)]).toEqual([path, 400, code])
  }
})

test('createRegistryHandler() stores a manifest under a sha512 digest when it is pushed by one', async () => {
  const { digestOf } = await import('@drayage/digest')
  const client = start()
  const { image } = await pushImage(client, 'a', '1')
  const digest = digestOf(image.manifestBytes, 'sha512')
  const headers = { 'content-type': image.manifest.mediaType }
  const reply = await client.send('PUT', `/v2/a/manifests/${digest}`, { headers, body: image.manifestBytes })
  expect(reply.headers['docker-content-digest']).toBe(digest)
  expect((await client.send('GET', `/v2/a/manifests/${digest}`)).bytes).toEqual(image.manifestBytes)
})

test('createRegistryHandler() reads no more of a manifest than its limit', async () => {
  let pulled = 0
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const put = (headers: Record<string, string>) =>
    handler({
      method: 'PUT',
      url: 'http://r/v2/a/manifests/1',
      headers,
      body: (async function* () {
        for (;;) {
          pulled += 65_536
          yield new Uint8Array(65_536)
        }
      })(),
    })
  expect((await put({ 'content-length': String(1024 ** 3) })).status).toBe(413)
  expect(pulled).toBe(0)
  expect((await put({})).status).toBe(413)
  expect(pulled).toBeLessThanOrEqual(4 * 1024 * 1024 + 65_536)
})

test('createRegistryHandler() answers 404 for what is not there', async () => {
  const client = start()
  const digest = `sha256:${'0'.repeat(64)}`
  const cases = [
    [`/v2/a/blobs/${digest}`, 'BLOB_UNKNOWN'],
    [`/v2/a/manifests/${digest}`, 'MANIFEST_UNKNOWN'],
    ['/v2/a/manifests/none', 'MANIFEST_UNKNOWN'],
    ['/v2/a/manifests/.INVALID_MANIFEST_NAME', 'MANIFEST_UNKNOWN'],
    ['/v2/a/tags/list', 'NAME_UNKNOWN'],
    ['/v1/search', 'UNSUPPORTED'],
    ['/v2/%zz/tags/list', 'UNSUPPORTED'],
    ['/v2/a', 'UNSUPPORTED'],
  ] as const
  for (const [path, code] of cases) {
    const reply = await client.send('GET', path)
    expect([path, reply.status, codeOf(reply)]).toEqual([path, 404, code])
  }
})

test('createRegistryHandler() answers every change with 405 where it is read-only', async () => {
  const storage = createMemoryStorage()
  const { image } = await pushImage(createTestClient(createRegistryHandler({ storage })), 'a', '1')
  const client = createTestClient(createRegistryHandler({ storage, readOnly: true }))
  expect((await client.send('GET', '/v2/a/manifests/1')).bytes).toEqual(image.manifestBytes)
  expect((await client.send('HEAD', `/v2/a/blobs/${image.config.digest}`)).status).toBe(200)
  const changes = [
    ['POST', '/v2/a/blobs/uploads/'],
    ['POST', `/v2/b/blobs/uploads/?mount=${image.config.digest}&from=a`],
    ['PATCH', `/v2/a/blobs/uploads/${'0'.repeat(32)}`],
    ['PUT', `/v2/a/blobs/uploads/${'0'.repeat(32)}`],
    ['PUT', '/v2/a/manifests/2'],
    ['DELETE', '/v2/a/manifests/1'],
    ['DELETE', `/v2/a/blobs/${image.config.digest}`],
  ] as const
  for (const [method, path] of changes) {
    const reply = await client.send(method, path, { body: image.manifestBytes })
    expect([path, reply.status, reply.headers['allow'], codeOf(reply)]).toEqual([path, 405, 'GET, HEAD', 'UNSUPPORTED'])
    expect(reply.headers['www-authenticate']).toBeUndefined()
  }
})

test('createRegistryHandler() answers 405 with what a path allows', async () => {
  const client = start()
  const reply = await client.send('POST', '/v2/a/tags/list')
  expect(reply.status).toBe(405)
  expect(reply.headers['allow']).toBe('GET')
  expect((await client.send('__proto__', '/v2/a/manifests/1')).status).toBe(405)
})

test('createRegistryHandler() refuses invalid names', async () => {
  const client = start()
  for (const name of ['UPPER', 'a//b', 'a%0d%0ax', 'a%2fb', '-a', 'a%3f', 'a'.repeat(300), '_catalog/x', 'é']) {
    const reply = await client.send('GET', `/v2/${name}/tags/list`)
    expect([name, reply.status, codeOf(reply)]).toEqual([name, 400, 'NAME_INVALID'])
  }
})

test('createRegistryHandler() allows the words of the API in the name of a repository', async () => {
  const client = start()
  for (const name of ['blobs/uploads', 'manifests/tags/list', 'a/blobs/b']) {
    const { image } = await pushImage(client, name, 'list')
    expect((await client.send('GET', `/v2/${name}/manifests/list`)).bytes).toEqual(image.manifestBytes)
    expect(JSON.parse((await client.send('GET', `/v2/${name}/tags/list`)).text)).toEqual({ name, tags: ['list'] })
  }
})

test('createRegistryHandler() deletes tags, manifests and blobs', async () => {
  const client = start()
  const { image } = await pushImage(client, 'a', '1')
  const headers = { 'content-type': image.manifest.mediaType }
  await client.send('PUT', '/v2/a/manifests/2', { headers, body: image.manifestBytes })
  expect((await client.send('DELETE', '/v2/a/manifests/1')).status).toBe(202)
  expect((await client.send('GET', '/v2/a/manifests/1')).status).toBe(404)
  expect((await client.send('GET', `/v2/a/manifests/${image.manifest.digest}`)).status).toBe(200)
  expect((await client.send('DELETE', `/v2/a/manifests/${image.manifest.digest}`)).status).toBe(202)
  expect((await client.send('GET', '/v2/a/manifests/2')).status).toBe(404)
  expect(JSON.parse((await client.send('GET', '/v2/a/tags/list')).text).tags).toEqual([])
  expect((await client.send('DELETE', `/v2/a/blobs/${image.config.digest}`)).status).toBe(202)
  expect((await client.send('DELETE', `/v2/a/blobs/${image.config.digest}`)).status).toBe(404)
  expect((await client.send('DELETE', `/v2/a/manifests/${image.manifest.digest}`)).status).toBe(404)
})

test('createRegistryHandler() answers 405 to deletes by tag and digest when they are disabled', async () => {
  const client = start({ deletes: false })
  const { image } = await pushImage(client, 'a', '1')
  for (const path of ['manifests/1', `manifests/${image.manifest.digest}`, `blobs/${image.config.digest}`]) {
    const reply = await client.send('DELETE', `/v2/a/${path}`)
    expect([path, reply.status, codeOf(reply)]).toEqual([path, 405, 'UNSUPPORTED'])
    expect((await client.send('GET', `/v2/a/${path}`)).status).toBe(200)
  }
})

test('createRegistryHandler() shows a blob only through repositories that have it', async () => {
  const client = start()
  const digest = await client.pushBlob('a', 'secret')
  expect((await client.send('GET', `/v2/b/blobs/${digest}`)).status).toBe(404)
  await client.pushBlob('b', 'secret')
  await client.send('DELETE', `/v2/a/blobs/${digest}`)
  expect((await client.send('GET', `/v2/b/blobs/${digest}`)).text).toBe('secret')
  expect((await client.send('HEAD', `/v2/a/blobs/${digest}`)).status).toBe(404)
})

test('createRegistryHandler() answers 404 when the bytes of a link are gone', async () => {
  const storage = createMemoryStorage()
  const client = createTestClient(createRegistryHandler({ storage }))
  const digest = await client.pushBlob('a', 'x')
  await storage.content.delete(digest)
  expect((await client.send('GET', `/v2/a/blobs/${digest}`)).status).toBe(404)
})

test('createRegistryHandler() answers 500 without details and reports the error', async () => {
  const storage = createMemoryStorage()
  const failure = new Error('disk full of secrets')
  const errors: unknown[] = []
  const broken = { ...storage, names: { ...storage.names, repositories: () => Promise.reject(failure) } }
  const client = createTestClient(createRegistryHandler({ storage: broken, onError: (error) => errors.push(error) }))
  const reply = await client.send('GET', '/v2/_catalog')
  expect(reply.status).toBe(500)
  expect(codeOf(reply)).toBe('UNKNOWN')
  expect(reply.text).not.toContain('secrets')
  expect(errors).toEqual([failure])
})

test('createRegistryHandler() rejects with the reason of an aborted request', async () => {
  const client = start()
  const reason = new Error('enough')
  const send = client.send('POST', '/v2/a/blobs/uploads/', { signal: AbortSignal.abort(reason) })
  // Opening a session of the memory storage does not look at the signal; the content store does.
  expect((await send).status).toBe(202)
  const digest = `sha256:${'0'.repeat(64)}`
  const whole = client.send('POST', `/v2/a/blobs/uploads/?digest=${digest}`, {
    body: 'x',
    signal: AbortSignal.abort(reason),
  })
  await expect(whole).rejects.toBe(reason)
})

test('createRegistryHandler() never gives absolute URLs', async () => {
  const client = start()
  const upload = await client.send('POST', '/v2/a/blobs/uploads/', {
    headers: { host: 'evil', 'x-forwarded-host': 'evil' },
  })
  expect(upload.headers['location']).toMatch(/^\/v2\/a\/blobs\/uploads\/[0-9a-f]{32}$/)
  await pushImage(client, 'a', '1')
  await pushImage(client, 'a', '2')
  const page = await client.send('GET', '/v2/a/tags/list?n=1', { headers: { host: 'evil' } })
  expect(page.headers['link']).toBe('</v2/a/tags/list?n=1&last=1>; rel="next"')
})

test('createRegistryHandler() accepts a manifest of exactly 4 MiB and refuses one byte more', async () => {
  const client = start()
  const { image } = await pushImage(client, 'a', '1')
  const headers = { 'content-type': image.manifest.mediaType }
  const padded = (size: number): Uint8Array => {
    const bytes = new Uint8Array(size).fill(32)
    bytes.set(image.manifestBytes)
    return bytes
  }
  const limit = 4 * 1024 * 1024
  expect((await client.send('PUT', '/v2/a/manifests/max', { headers, body: padded(limit) })).status).toBe(201)
  expect((await client.send('GET', '/v2/a/manifests/max')).bytes.byteLength).toBe(limit)
  expect((await client.send('PUT', '/v2/a/manifests/more', { headers, body: padded(limit + 1) })).status).toBe(413)
})
