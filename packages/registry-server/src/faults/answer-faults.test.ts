import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { codeOf } from '../test/client.ts'
import { startFaulty } from '../test/faulty.ts'
import type { Fault } from './fault.ts'

/** Sends one PATCH to an upload through the fault, and tells that the registry did not see it. */
async function patch(fault: Fault) {
  const { client, plain, begin, events } = await startFaulty([fault])
  const upload = await begin('ab')
  const reply = await client.send('PATCH', upload, { body: 'c' })
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-1')
  expect(events).toHaveLength(1)
  expect((await client.send('PATCH', upload, { body: 'c' })).status).toBe(202)
  return reply
}

test('forbidden answers 403 DENIED', async () => {
  const reply = await patch({ point: 'upload-patch', kind: 'forbidden' })
  expect([reply.status, codeOf(reply)]).toEqual([403, 'DENIED'])
})

test('not-found answers 404 with the code of the point', async () => {
  const reply = await patch({ point: 'upload-patch', kind: 'not-found' })
  expect([reply.status, codeOf(reply)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
  const { client, digest } = await startFaulty([{ point: 'any', kind: 'not-found', times: 'always' }])
  expect(codeOf(await client.send('GET', `/v2/a/blobs/${digest}`))).toBe('BLOB_UNKNOWN')
  expect(codeOf(await client.send('GET', '/v2/a/manifests/1'))).toBe('MANIFEST_UNKNOWN')
  expect(codeOf(await client.send('GET', '/v2/a/tags/list'))).toBe('NAME_UNKNOWN')
  const head = await client.send('HEAD', '/v2/a/manifests/1')
  expect([head.status, head.text]).toEqual([404, ''])
})

test('rate-limited answers 429 with Retry-After in seconds, as a date, or without', async () => {
  const reply = await patch({ point: 'upload-patch', kind: 'rate-limited' })
  expect([reply.status, reply.headers['retry-after']]).toEqual([429, '1'])
  const now = (): number => Date.UTC(2030, 0, 1)
  const limited = { point: 'ping', kind: 'rate-limited', retryAfterSeconds: 90 } as const
  const { client } = await startFaulty(
    [
      { ...limited, form: 'date' },
      { ...limited, form: 'none' },
    ],
    { now },
  )
  expect((await client.send('GET', '/v2/')).headers['retry-after']).toBe('Tue, 01 Jan 2030 00:01:30 GMT')
  expect((await client.send('GET', '/v2/')).headers['retry-after']).toBe(undefined)
})

test.each([500, 502, 503, 504] as const)('server-error answers %i', async (status) => {
  const reply = await patch({ point: 'upload-patch', kind: 'server-error', status })
  expect(reply.status).toBe(status)
  expect(reply.headers['content-type']).toMatch(status === 500 ? 'application/json' : 'text/html')
})

test('range-not-satisfiable answers 416', async () => {
  const reply = await patch({ point: 'upload-patch', kind: 'range-not-satisfiable' })
  expect([reply.status, codeOf(reply)]).toEqual([416, 'BLOB_UPLOAD_INVALID'])
})

test('status answers with a status, code and headers of choice', async () => {
  const headers = { 'x-reason': 'full' }
  const reply = await patch({ point: 'upload-patch', kind: 'status', status: 507, code: 'FULL', headers })
  expect([reply.status, codeOf(reply), reply.headers['x-reason']]).toEqual([507, 'FULL', 'full'])
  expect(codeOf(await patch({ point: 'upload-patch', kind: 'status', status: 400 }))).toBe('UNKNOWN')
  expect((await patch({ point: 'upload-patch', kind: 'status', status: 204 })).text).toBe('')
})

test('html answers 200 with a page', async () => {
  const reply = await patch({ point: 'upload-patch', kind: 'html' })
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(reply.text).toContain('<html>')
  expect(reply.headers['content-length']).toBe(String(reply.bytes.byteLength))
})

test('head-unsupported answers 405 to HEAD', async () => {
  const { client, digest } = await startFaulty([{ point: 'any', kind: 'head-unsupported', times: 'always' }])
  for (const path of [`/v2/a/blobs/${digest}`, '/v2/a/manifests/1']) {
    expect((await client.send('HEAD', path)).status).toBe(405)
    expect((await client.send('GET', path)).status).toBe(200)
  }
})

test('redirect, redirect-origin and redirect-loop send the client elsewhere', async () => {
  const given = await patch({ point: 'upload-patch', kind: 'redirect', to: '//evil.test/x', status: 302 })
  expect([given.status, given.headers['location']]).toEqual([302, '//evil.test/x'])
  const { client, digest } = await startFaulty([
    { point: 'blob-get', kind: 'redirect-origin', origin: 'http://127.0.0.1:9/ignored' },
    { point: 'blob-get', kind: 'redirect-loop' },
  ])
  const path = `/v2/a/blobs/${digest}?ns=x`
  const foreign = await client.send('GET', path)
  expect([foreign.status, foreign.headers['location']]).toEqual([307, `http://127.0.0.1:9${path}`])
  expect((await client.send('GET', path)).headers['location']).toBe(`http://registry.test${path}`)
})

test('session-lost answers 404 and the upload is gone', async () => {
  for (const method of ['PATCH', 'PUT', 'GET']) {
    const point = `upload-${method.toLowerCase()}` as 'upload-patch'
    const { client, plain, begin } = await startFaulty([{ point, kind: 'session-lost' }])
    const upload = await begin('ab')
    const reply = await client.send(method, upload, method === 'GET' ? {} : { body: 'c' })
    expect([reply.status, codeOf(reply)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
    expect((await plain.send('GET', upload)).status).toBe(404)
  }
})

test('digest-refused answers 400 DIGEST_INVALID, stores nothing and the upload is gone', async () => {
  const { client, plain, begin } = await startFaulty([
    { point: 'upload-put', kind: 'digest-refused' },
    { point: 'manifest-put', kind: 'digest-refused' },
  ])
  const upload = await begin('ab')
  const reply = await client.send('PUT', `${upload}?digest=${digestOf('ab')}`)
  expect([reply.status, codeOf(reply)]).toEqual([400, 'DIGEST_INVALID'])
  expect((await plain.send('GET', upload)).status).toBe(404)
  expect((await plain.send('HEAD', `/v2/a/blobs/${digestOf('ab')}`)).status).toBe(404)
  expect(codeOf(await client.send('PUT', '/v2/a/manifests/9', { body: '{}' }))).toBe('DIGEST_INVALID')
  expect((await plain.send('HEAD', '/v2/a/manifests/9')).status).toBe(404)
})
