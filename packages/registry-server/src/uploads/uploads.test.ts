import { createMemoryStore, type HttpClient } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { createRegistryHandler, type RegistryHandlerOptions } from '../handler/handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { sweepUploads } from './sweep-uploads.ts'
import { codeOf, createTestClient, type TestClient } from '../test/client.ts'

function start(options: Partial<RegistryHandlerOptions> = {}): TestClient & { handler: HttpClient } {
  const handler = createRegistryHandler({ storage: createMemoryStorage(), ...options })
  return { ...createTestClient(handler), handler }
}

async function begin(client: TestClient, repository = 'a'): Promise<string> {
  const reply = await client.send('POST', `/v2/${repository}/blobs/uploads/`)
  expect(reply.status).toBe(202)
  expect(reply.headers['range']).toBe('0-0')
  return reply.headers['location'] ?? ''
}

test('an upload accepts a streamed body and is committed by an empty PUT', async () => {
  const client = start()
  const location = await begin(client)
  const patch = await client.send('PATCH', location, { body: 'hello ' })
  expect([patch.status, patch.headers['range'], patch.headers['location']]).toEqual([202, '0-5', location])
  const digest = digestOf('hello ')
  const put = await client.send('PUT', `${location}?digest=${encodeURIComponent(digest)}`)
  expect(put.status).toBe(201)
  expect(put.headers['location']).toBe(`/v2/a/blobs/${digest}`)
  expect((await client.send('GET', `/v2/a/blobs/${digest}`)).text).toBe('hello ')
  expect((await client.send('GET', location)).status).toBe(404)
})

test('an upload accepts chunks in order, reports its offset, and accepts a last chunk with the PUT', async () => {
  const client = start()
  const location = await begin(client)
  const chunk = (range: string, body: string) =>
    client.send('PATCH', location, { headers: { 'content-range': range }, body })
  expect((await chunk('0-2', 'abc')).status).toBe(202)
  const early = await chunk('5-6', 'fg')
  expect([early.status, early.headers['range'], codeOf(early)]).toEqual([416, '0-2', 'BLOB_UPLOAD_INVALID'])
  expect((await chunk('0-2', 'abc')).status).toBe(416)
  expect((await chunk('nonsense', 'abc')).status).toBe(416)
  const status = await client.send('GET', location)
  expect([status.status, status.headers['range'], status.headers['location']]).toEqual([204, '0-2', location])
  expect((await chunk('bytes 3-4/*', 'de')).status).toBe(202)
  const digest = digestOf('abcdefg')
  const last = { headers: { 'content-range': '5-6' }, body: 'fg' }
  expect((await client.send('PUT', `${location}?digest=${digest}`, last)).status).toBe(201)
  expect((await client.send('GET', `/v2/a/blobs/${digest}`)).text).toBe('abcdefg')
})

test.each([
  ['longer', '0-1', 'abc', '3'],
  ['shorter', '0-4', 'abc', '3'],
  ['longer, and does not say so before,', '0-1', 'abc', undefined],
  ['shorter, and does not say so before,', '0-4', 'abc', undefined],
  ['missing', '0-4', undefined, undefined],
])('an upload refuses a chunk that is %s than its Content-Range says', async (_, range, body, length) => {
  const client = start()
  const location = await begin(client)
  const headers = { 'content-range': range, ...(length !== undefined && { 'content-length': length }) }
  const reply = await client.send('PATCH', location, { headers, ...(body !== undefined && { body }) })
  expect([reply.status, codeOf(reply)]).toEqual([400, 'SIZE_INVALID'])
  // A length that was announced is refused before a byte of it is taken.
  const status = await client.send('GET', location)
  if (length !== undefined) expect(status.headers['range']).toBe('0-0')
  const put = await client.send('PUT', `${location}?digest=${digestOf('abcde')}`, {
    headers: { 'content-range': range },
    ...(body !== undefined && { body }),
  })
  expect(put.status).not.toBe(201)
  expect((await client.send('HEAD', `/v2/a/blobs/${digestOf('abcde')}`)).status).toBe(404)
})

test('an empty PUT may repeat the Content-Range of the last chunk', async () => {
  const client = start()
  const location = await begin(client)
  await client.send('PATCH', location, { headers: { 'content-range': '0-2' }, body: 'abc' })
  const headers = { 'content-range': '0-2' }
  expect((await client.send('PUT', `${location}?digest=${digestOf('abc')}`, { headers })).status).toBe(201)
})

test('a blob gets a digest by sha512, whether the upload announced it or not', async () => {
  const client = start()
  const digest = digestOf('abc', 'sha512')
  for (const query of ['', '?digest-algorithm=sha512', '?digest-algorithm=sha256']) {
    const begun = await client.send('POST', `/v2/a/blobs/uploads/${query}`)
    const put = await client.send('PUT', `${begun.headers['location']}?digest=${digest}`, { body: 'abc' })
    expect([query, put.status, put.headers['docker-content-digest']]).toEqual([query, 201, digest])
  }
  expect((await client.send('GET', `/v2/a/blobs/${digest}`)).text).toBe('abc')
  const refused = await client.send('POST', '/v2/a/blobs/uploads/?digest-algorithm=md5')
  expect([refused.status, codeOf(refused)]).toEqual([400, 'DIGEST_INVALID'])
})

test('a PUT with another digest answers 400 DIGEST_INVALID and drops the upload', async () => {
  const storage = createMemoryStorage()
  const client = start({ storage })
  const location = await begin(client)
  await client.send('PATCH', location, { body: 'abc' })
  const wrong = digestOf('other')
  const reply = await client.send('PUT', `${location}?digest=${wrong}`)
  expect([reply.status, codeOf(reply)]).toEqual([400, 'DIGEST_INVALID'])
  expect((await client.send('GET', location)).status).toBe(404)
  expect((await client.send('HEAD', `/v2/a/blobs/${wrong}`)).status).toBe(404)
  const ingest = await storage.content.begin(location.split('/').at(-1) ?? '')
  expect(ingest.offset).toBe(0)
})

test('a PUT without a digest, or with a malformed one, keeps the upload', async () => {
  const client = start()
  const location = await begin(client)
  for (const query of ['', '?digest=', '?digest=sha256:abc', '?digest=md5:abc']) {
    const reply = await client.send('PUT', location + query)
    expect([query, reply.status, codeOf(reply)]).toEqual([query, 400, 'DIGEST_INVALID'])
  }
  expect((await client.send('GET', location)).status).toBe(204)
})

test('POST with a digest accepts a whole blob, and refuses one of another digest', async () => {
  const client = start()
  const digest = digestOf('abc')
  const wrong = await client.send('POST', `/v2/a/blobs/uploads/?digest=${digest}`, { body: 'abd' })
  expect([wrong.status, codeOf(wrong)]).toEqual([400, 'DIGEST_INVALID'])
  expect((await client.send('HEAD', `/v2/a/blobs/${digest}`)).status).toBe(404)
  const reply = await client.send('POST', `/v2/a/blobs/uploads/?digest=${digest}`, { body: 'abc' })
  expect([reply.status, reply.headers['docker-content-digest']]).toEqual([201, digest])
  expect(await client.pushBlob('a', '')).toBe(digestOf(''))
})

test('an upload keeps the bytes of a body that ends early', async () => {
  const client = start()
  const location = await begin(client)
  const failure = new Error('connection lost')
  const patch = client.handler({
    method: 'PATCH',
    url: `http://r${location}`,
    headers: {},
    body: (async function* () {
      yield new Uint8Array(10)
      throw failure
    })(),
  })
  expect((await patch).status).toBe(500)
  expect((await client.send('GET', location)).headers['range']).toBe('0-9')
})

test('a second writer takes an upload over from a hanging one', async () => {
  const client = start()
  const location = await begin(client)
  const stored = Promise.withResolvers<void>()
  const hanging = client.handler({
    method: 'PATCH',
    url: `http://r${location}`,
    headers: {},
    body: (async function* () {
      yield new Uint8Array([97, 98])
      stored.resolve()
      await new Promise(() => {})
    })(),
  })
  await stored.promise
  expect((await client.send('GET', location)).headers['range']).toBe('0-1')
  const next = await client.send('PATCH', location, { headers: { 'content-range': '2-2' }, body: 'c' })
  expect([next.status, next.headers['range']]).toEqual([202, '0-2'])
  expect((await hanging).status).toBe(409)
  expect((await client.send('PUT', `${location}?digest=${digestOf('abc')}`)).status).toBe(201)
})

test('DELETE ends an upload', async () => {
  const client = start()
  const location = await begin(client)
  expect((await client.send('DELETE', location)).status).toBe(204)
  expect((await client.send('PATCH', location, { body: 'x' })).status).toBe(404)
})

test('an upload is found only by its exact id in its own repository, until it expires', async () => {
  let time = 1000
  const client = start({ now: () => time, limits: { uploadLifeMs: 5000 } })
  const location = await begin(client)
  const id = location.split('/').at(-1) ?? ''
  const paths = [
    '/v2/a/blobs/uploads/..%2f..%2fetc',
    '/v2/a/blobs/uploads/00000000000000000000000000000000',
    `/v2/b/blobs/uploads/${id}`,
    `/v2/a/blobs/uploads/${id}x`,
    `/v2/a/blobs/uploads/${id.slice(1)}`,
    '/v2/a/blobs/uploads/__proto__',
    '/v2/a/blobs/uploads/%00',
  ]
  for (const path of paths) {
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const reply = await client.send(method, `${path}?digest=${digestOf('')}&_state=x`, { body: '' })
      expect([method, path, reply.status]).toEqual([method, path, 404])
      expect(codeOf(reply)).toBe('BLOB_UPLOAD_UNKNOWN')
    }
  }
  time = 6000
  expect((await client.send('GET', location)).status).toBe(204)
  time = 6001
  expect((await client.send('GET', location)).status).toBe(404)
})

test('a mount needs a source repository that has the blob', async () => {
  const client = start()
  const digest = await client.pushBlob('a', 'abc')
  const mount = (from: string) => client.send('POST', `/v2/b/blobs/uploads/?mount=${digest}${from}`)
  for (const from of ['', '&from=c', '&from=', '&from=../a', '&from=A']) {
    expect([from, (await mount(from)).status]).toEqual([from, 202])
    expect((await client.send('HEAD', `/v2/b/blobs/${digest}`)).status).toBe(404)
  }
  const mounted = await mount('&from=a')
  expect([mounted.status, mounted.headers['location']]).toEqual([201, `/v2/b/blobs/${digest}`])
  expect((await client.send('GET', `/v2/b/blobs/${digest}`)).text).toBe('abc')
  expect((await client.send('POST', '/v2/b/blobs/uploads/?mount=sha256:zz&from=a')).status).toBe(400)
})

test('a mount without a source takes a blob from any repository where the registry looks for it', async () => {
  const client = start({ mountsFromAny: true, limits: { maxPageEntries: 2 } })
  for (const repository of ['a', 'b', 'c', 'd']) await client.pushBlob(repository, repository)
  const digest = await client.pushBlob('e/f', 'abc')
  const mounted = await client.send('POST', `/v2/z/blobs/uploads/?mount=${digest}`)
  expect([mounted.status, mounted.headers['location']]).toEqual([201, `/v2/z/blobs/${digest}`])
  expect((await client.send('GET', `/v2/z/blobs/${digest}`)).text).toBe('abc')
  expect((await client.send('POST', `/v2/z/blobs/uploads/?mount=${digest}&from=a`)).status).toBe(202)
  expect((await client.send('POST', `/v2/z/blobs/uploads/?mount=${digestOf('none')}`)).status).toBe(202)
  await client.send('DELETE', `/v2/e/f/blobs/${digest}`)
  await client.send('DELETE', `/v2/z/blobs/${digest}`)
  expect((await client.send('POST', `/v2/z/blobs/uploads/?mount=${digest}`)).status).toBe(202)
})

test('a blob larger than the limit answers 413', async () => {
  const client = start({ limits: { maxBlobBytes: 4 } })
  const location = await begin(client)
  expect((await client.send('PATCH', location, { body: 'abcd' })).status).toBe(202)
  const reply = await client.send('PATCH', location, { body: 'e' })
  expect([reply.status, codeOf(reply)]).toEqual([413, 'SIZE_INVALID'])
})

test('sweepUploads() drops old uploads and their bytes', async () => {
  const content = createMemoryStore()
  const storage = createMemoryStorage({ content })
  let time = 0
  const client = start({ storage, now: () => time })
  const old = await begin(client)
  await client.send('PATCH', old, { body: 'abc' })
  time = 10_000
  const young = await begin(client)
  expect(await sweepUploads(storage, { olderThanMs: 5000, now: () => time })).toBe(1)
  expect((await client.send('GET', old)).status).toBe(404)
  expect((await client.send('GET', young)).status).toBe(204)
  const ingest = await content.begin(old.split('/').at(-1) ?? '')
  expect(ingest.offset).toBe(0)
})
