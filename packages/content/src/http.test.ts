import { collect, decodeText, fromBytes } from '@drayage/bytes'
import { expect, test } from 'vitest'

import { bytesResponse, emptyResponse, jsonResponse, responseTo } from './index.ts'

const text = async ({ body }: { readonly body: AsyncIterable<Uint8Array> }): Promise<string> =>
  decodeText(await collect(body, { maxBytes: 1000 }))

test('bytesResponse() gives the size of its body in bytes', async () => {
  const response = bytesResponse(200, 'Größe', { 'content-type': 'text/plain' })
  expect(response.headers).toEqual({ 'content-type': 'text/plain', 'content-length': '7' })
  expect(await text(response)).toBe('Größe')
})

test('jsonResponse() is one line of JSON, of another type where a header says so', async () => {
  const response = jsonResponse(404, { message: 'no\n' }, { 'content-type': 'application/vnd.x+json' })
  expect(response).toMatchObject({ status: 404, headers: { 'content-type': 'application/vnd.x+json' } })
  expect(await text(response)).toBe('{"message":"no\\n"}\n')
})

test.each([
  [201, { 'content-length': '0', location: '/x' }],
  [204, { location: '/x' }],
  [304, { location: '/x' }],
])('emptyResponse() of status %i has a length only where the status may have one', async (status, headers) => {
  const response = emptyResponse(status, { location: '/x' })
  expect(response.headers).toEqual(headers)
  expect(await text(response)).toBe('')
})

test('responseTo() a HEAD keeps the headers, and closes the body without reading it', async () => {
  let isClosed = false
  const body = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new Error('read')),
      return: () => {
        isClosed = true
        return Promise.resolve({ done: true as const, value: undefined })
      },
    }),
  }
  const response = { status: 200, headers: { 'content-length': '5' }, body }
  const answer = await responseTo({ method: 'HEAD', url: 'http://x/', headers: {} }, response)
  expect(answer.headers).toEqual({ 'content-length': '5' })
  expect(await text(answer)).toBe('')
  expect(isClosed).toBe(true)
  const get = { ...response, body: fromBytes('hello') }
  expect(await responseTo({ method: 'GET', url: 'http://x/', headers: {} }, get)).toBe(get)
})
