import { expect, test } from 'vitest'

import { createRegistryHandler } from '../handler/handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { parseByteRange, parseContentRange } from './range.ts'
import { createTestClient } from '../test/client.ts'

test('parseByteRange() reads single ranges and ignores what it may ignore', () => {
  const cases: [string | undefined, unknown][] = [
    [undefined, 'whole'],
    ['bytes=0-', { start: 0, end: 9 }],
    ['bytes=3-5', { start: 3, end: 5 }],
    ['bytes=3-99', { start: 3, end: 9 }],
    ['bytes=9-9', { start: 9, end: 9 }],
    ['bytes=-4', { start: 6, end: 9 }],
    ['bytes=-40', { start: 0, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-3', 'unsatisfiable'],
    ['bytes=0-1,3-4', 'whole'],
    ['bytes=-', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes=1.5-2', 'whole'],
    ['bytes=99999999999999999999-', 'whole'],
  ]
  for (const [header, wanted] of cases) expect([header, parseByteRange(header, 10)]).toEqual([header, wanted])
  expect(parseByteRange('bytes=0-', 0)).toBe('unsatisfiable')
})

test('parseContentRange() reads the forms that clients send', () => {
  expect(parseContentRange('0-9')).toEqual({ start: 0, end: 9 })
  expect(parseContentRange('bytes 10-19/100')).toEqual({ start: 10, end: 19 })
  expect(parseContentRange('bytes=10-19')).toEqual({ start: 10, end: 19 })
  for (const text of ['', '5', '9-0', '-1-2', 'a-b', '0-99999999999999999999']) {
    expect([text, parseContentRange(text)]).toEqual([text, undefined])
  }
})

test('GET of a blob gives the range that is asked for', async () => {
  const client = createTestClient(createRegistryHandler({ storage: createMemoryStorage() }))
  const content = Uint8Array.from({ length: 200_000 }, (_, index) => index % 251)
  const digest = await client.pushBlob('a', content)
  const get = (range: string, more = {}) => client.send('GET', `/v2/a/blobs/${digest}`, { headers: { range, ...more } })
  const part = await get('bytes=70000-149999')
  expect(part.status).toBe(206)
  expect(part.headers['content-range']).toBe('bytes 70000-149999/200000')
  expect(part.headers['content-length']).toBe('80000')
  expect(part.bytes).toEqual(content.slice(70_000, 150_000))
  const tail = await get('bytes=199999-')
  expect(tail.bytes).toEqual(content.slice(199_999))
  const outside = await get('bytes=200000-')
  expect([outside.status, outside.headers['content-range']]).toEqual([416, 'bytes */200000'])
  expect((await get('bytes=0-0,5-6')).bytes.byteLength).toBe(200_000)
  expect((await get('bytes=0-0', { 'if-range': '"other"' })).status).toBe(200)
  expect((await get('bytes=0-0', { 'if-range': `"${digest}"` })).status).toBe(206)
  const head = await client.send('HEAD', `/v2/a/blobs/${digest}`, { headers: { range: 'bytes=0-0' } })
  expect([head.status, head.headers['content-length']]).toEqual([200, '200000'])
})
