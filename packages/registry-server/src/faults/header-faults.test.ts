import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { startFaulty } from '../test/faulty.ts'
import type { Fault } from './fault.ts'

test('no-digest and wrong-digest change Docker-Content-Digest only', async () => {
  const other = digestOf('other')
  const { client, plain } = await startFaulty([
    { point: 'manifest-get-tag', kind: 'no-digest' },
    { point: 'manifest-get-tag', kind: 'wrong-digest' },
    { point: 'manifest-get-tag', kind: 'wrong-digest', digest: other },
  ])
  const good = await plain.send('GET', '/v2/a/manifests/1')
  // The first request takes one time of all three: the one next to the client decides.
  const first = await client.send('GET', '/v2/a/manifests/1')
  expect(first.headers['docker-content-digest']).toBe(undefined)
  expect(first.bytes).toEqual(good.bytes)
  for (const [digest, expected] of [[undefined, `sha256:${'0'.repeat(64)}`] as const, [other, other] as const]) {
    const fault: Fault = { point: 'blob-head', kind: 'wrong-digest', ...(digest === undefined ? {} : { digest }) }
    const faulty = await startFaulty([fault])
    const reply = await faulty.client.send('HEAD', `/v2/a/blobs/${faulty.digest}`)
    expect([reply.status, reply.headers['docker-content-digest']]).toEqual([200, expected])
  }
})

test('no-range leaves out how far the upload is, which holds the bytes', async () => {
  const { client, plain, begin } = await startFaulty([{ point: 'upload-patch', kind: 'no-range' }])
  const upload = await begin()
  const reply = await client.send('PATCH', upload, { body: 'abc' })
  expect([reply.status, reply.headers['range'], reply.headers['location']]).toEqual([202, undefined, upload])
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-2')
})

test('created-on-patch answers 201, and the upload holds the bytes', async () => {
  const { client, plain, begin } = await startFaulty([{ point: 'upload-patch', kind: 'created-on-patch' }])
  const upload = await begin()
  const reply = await client.send('PATCH', upload, { body: 'abc' })
  expect([reply.status, reply.headers['range']]).toEqual([201, '0-2'])
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-2')
})

test.each([
  [{ form: 'path' }, (id: string) => `/v2/a/blobs/uploads/${id}`],
  [{ form: 'relative' }, (id: string) => id],
  [{ form: 'absolute' }, (id: string) => `http://registry.test/v2/a/blobs/uploads/${id}`],
  [{ form: 'foreign', origin: 'http://127.0.0.1:9' }, (id: string) => `http://127.0.0.1:9/v2/a/blobs/uploads/${id}`],
  [{ form: 'path', query: '_state=x%2Fy' }, (id: string) => `/v2/a/blobs/uploads/${id}?_state=x%2Fy`],
] as const)('location as %j leads to the upload', async (parameters, expected) => {
  const { client } = await startFaulty([
    { point: ['upload-post', 'upload-patch'], kind: 'location', times: 2, ...parameters },
  ])
  const begun = await client.send('POST', '/v2/a/blobs/uploads/')
  const id = begun.headers['docker-upload-uuid'] ?? ''
  expect(begun.headers['location']).toBe(expected(id))
  const { pathname, search } = new URL(begun.headers['location'] ?? '', 'http://registry.test/v2/a/blobs/uploads/')
  const patched = await client.send('PATCH', pathname + search, { body: 'abc' })
  expect([patched.status, patched.headers['location']]).toEqual([202, expected(id)])
})

test('tags-null gives null in place of the tags', async () => {
  const { client } = await startFaulty([{ point: 'tags-list', kind: 'tags-null' }])
  const reply = await client.send('GET', '/v2/a/tags/list')
  expect(reply.text).toBe('{"name":"a","tags":null}\n')
  expect(reply.headers['content-length']).toBe(String(reply.bytes.byteLength))
  expect((await client.send('GET', '/v2/a/tags/list')).text).toContain('["1"]')
})

test('header-flood adds headers', async () => {
  const { client } = await startFaulty([{ point: 'ping', kind: 'header-flood' }])
  const reply = await client.send('GET', '/v2/')
  expect(reply.status).toBe(200)
  expect(Object.keys(reply.headers).filter((name) => name.startsWith('x-flood-'))).toHaveLength(2000)
})

test('mount-declined begins an upload and mounts nothing', async () => {
  const { client, plain, digest } = await startFaulty([{ point: 'mount-post', kind: 'mount-declined' }])
  const path = `/v2/b/blobs/uploads/?mount=${digest}&from=a`
  const reply = await client.send('POST', path)
  expect(reply.status).toBe(202)
  expect((await plain.send('GET', reply.headers['location'] ?? '')).status).toBe(204)
  expect((await plain.send('HEAD', `/v2/b/blobs/${digest}`)).status).toBe(404)
  expect((await client.send('POST', path)).status).toBe(201)
})

test.each([
  ['expired-token', 401],
  ['forbidden', 403],
  ['not-found', 404],
] as const)('%s answers %i to a mount, which mounts nothing', async (kind, status) => {
  const { client, plain, digest } = await startFaulty([{ point: 'mount-post', kind }])
  expect((await client.send('POST', `/v2/b/blobs/uploads/?mount=${digest}&from=a`)).status).toBe(status)
  expect((await plain.send('HEAD', `/v2/b/blobs/${digest}`)).status).toBe(404)
})

test('too-large answers 413 to a larger body, and lets one of exactly its bytes through', async () => {
  const { client, plain, begin, events } = await startFaulty([
    { point: 'upload-patch', kind: 'too-large', bytes: 3, times: 'always' },
  ])
  const upload = await begin()
  const send = (body: string) =>
    client.send('PATCH', upload, { headers: { 'content-length': String(body.length) }, body })
  expect((await send('abcd')).status).toBe(413)
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-0')
  expect((await send('abc')).status).toBe(202)
  expect((await client.send('PATCH', upload, { body: 'def' })).status).toBe(202)
  expect(events).toHaveLength(1)
  expect((await client.send('PATCH', upload, { body: 'ghij' })).status).toBe(413)
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-8')
})
