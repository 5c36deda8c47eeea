import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { codeOf } from '../test/client.ts'
import { content, startFaulty } from '../test/faulty.ts'
import type { Fault } from './fault.ts'

/** Opens the blob through one fault; `read` takes all bytes and the error at their end, if there is one. */
async function openBlob(fault: Fault, headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal) {
  const faulty = await startFaulty([fault])
  const url = `http://registry.test/v2/a/blobs/${faulty.digest}`
  const response = await faulty.handler({ method: 'GET', url, headers, signal })
  const read = async () => {
    const chunks: Uint8Array[] = []
    const end = await (async () => {
      for await (const chunk of response.body) chunks.push(chunk.slice())
    })().catch((error: unknown) => error)
    return { bytes: new Uint8Array(Buffer.concat(chunks)), end }
  }
  return { ...faulty, response, read }
}

const reset = { code: 'ERR_CONNECTION_FAULT', connection: { ending: 'reset' } }

test('body-reset breaks an answer after so many bytes', async () => {
  const { response, read, events } = await openBlob({ point: 'blob-get', kind: 'body-reset', afterBytes: 400 })
  expect(response.headers['content-length']).toBe('1000')
  const { bytes, end } = await read()
  expect(bytes).toEqual(content.subarray(0, 400))
  expect(end).toMatchObject(reset)
  expect(events).toHaveLength(1)
})

test('body-reset leaves shorter bodies and HEAD alone', async () => {
  const { read, client, digest, events } = await openBlob({ point: 'any', kind: 'body-reset', afterBytes: 1000 })
  expect(await read()).toEqual({ bytes: content, end: undefined })
  expect((await client.send('HEAD', `/v2/a/blobs/${digest}`)).status).toBe(200)
  expect(events).toEqual([])
})

test.each([undefined, '6'])(
  'body-reset breaks an upload, which keeps what came (content-length %s)',
  async (length) => {
    const { client, plain, begin } = await startFaulty([{ point: 'upload-patch', kind: 'body-reset', afterBytes: 4 }])
    const upload = await begin('ab')
    const headers = length === undefined ? {} : { 'content-length': length }
    await expect(client.send('PATCH', upload, { headers, body: 'cdefgh' })).rejects.toMatchObject(reset)
    expect((await plain.send('GET', upload)).headers['range']).toBe('0-5')
    expect((await client.send('PATCH', upload, { headers: { 'content-range': '6-7' }, body: 'gh' })).status).toBe(202)
    expect((await client.send('PUT', `${upload}?digest=${digestOf('abcdefgh')}`)).status).toBe(201)
  },
)

test('body-reset of a PUT leaves no manifest', async () => {
  const { client, plain } = await startFaulty([{ point: 'manifest-put', kind: 'body-reset', afterBytes: 1 }])
  await expect(client.send('PUT', '/v2/a/manifests/9', { body: '{}' })).rejects.toMatchObject(reset)
  expect((await plain.send('HEAD', '/v2/a/manifests/9')).status).toBe(404)
})

test('reset-every breaks a download at each nth of the content, wherever it resumes', async () => {
  const faulty = await startFaulty([{ point: 'blob-get', kind: 'reset-every', parts: 10, times: 'always' }])
  const url = `http://registry.test/v2/a/blobs/${faulty.digest}`
  const chunks: Uint8Array[] = []
  const ends: number[] = []
  let at = 0
  for (;;) {
    const headers: Record<string, string> = at === 0 ? {} : { range: `bytes=${at}-` }
    const response = await faulty.handler({ method: 'GET', url, headers })
    try {
      for await (const chunk of response.body) {
        chunks.push(chunk.slice())
        at += chunk.byteLength
      }
      break
    } catch (error) {
      expect(error).toMatchObject(reset)
      ends.push(at)
    }
  }
  expect(ends).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900])
  expect(Buffer.concat(chunks).equals(content)).toBe(true)
})

test('reset-every breaks an upload at each multiple of its bytes, and the upload resumes', async () => {
  const { client, plain, begin, events } = await startFaulty([
    { point: ['upload-patch', 'upload-put'], kind: 'reset-every', bytes: 300, times: 'always' },
  ])
  const upload = await begin()
  for (const at of [0, 300, 600]) {
    await expect(client.send('PATCH', upload, { body: content.subarray(at) })).rejects.toMatchObject(reset)
    expect((await plain.send('GET', upload)).headers['range']).toBe(`0-${at + 299}`)
  }
  const headers = { 'content-range': '900-999' }
  const put = { headers, body: content.subarray(900) }
  expect((await client.send('PUT', `${upload}?digest=${digestOf(content)}`, put)).status).toBe(201)
  expect(events).toHaveLength(3)
})

test('reset-every counts the parts of an upload of known length', async () => {
  const { client, plain, begin } = await startFaulty([
    { point: 'upload-patch', kind: 'reset-every', parts: 4, times: 'always' },
  ])
  const upload = await begin()
  const send = (body: Uint8Array) =>
    client.send('PATCH', upload, { headers: { 'content-length': String(body.byteLength) }, body })
  for (const at of [0, 250, 500]) await expect(send(content.subarray(at))).rejects.toMatchObject(reset)
  expect((await send(content.subarray(750))).status).toBe(202)
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-999')
})

test('body-stall stalls until the signal fires', async () => {
  const leaving = new AbortController()
  const { response } = await openBlob({ point: 'blob-get', kind: 'body-stall', afterBytes: 10 }, {}, leaving.signal)
  const iterator = response.body[Symbol.asyncIterator]()
  expect((await iterator.next()).value).toEqual(content.subarray(0, 10))
  const pending = iterator.next()
  expect(await Promise.race([pending, new Promise((resolve) => setImmediate(resolve, 'still'))])).toBe('still')
  const reason = new Error('enough')
  leaving.abort(reason)
  await expect(pending).rejects.toBe(reason)
})

test('body-stall ends when its reader closes it', async () => {
  const { response } = await openBlob({ point: 'blob-get', kind: 'body-stall' })
  const iterator = response.body[Symbol.asyncIterator]()
  const pending = iterator.next()
  await iterator.return?.()
  expect(await pending).toEqual({ done: true, value: undefined })
})

test('body-stall of an upload keeps the received bytes', async () => {
  const { client, plain, begin, events } = await startFaulty([
    { point: 'upload-patch', kind: 'body-stall', afterBytes: 3 },
  ])
  const upload = await begin()
  const leaving = new AbortController()
  const pending = client.send('PATCH', upload, { body: 'abcdef', signal: leaving.signal })
  while (events.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const reason = new Error('enough')
  leaving.abort(reason)
  await expect(pending).rejects.toBe(reason)
  expect((await plain.send('GET', upload)).headers['range']).toBe('0-2')
})

test('body-drip waits before every piece', async () => {
  const waits: number[] = []
  const sleep = async (ms: number): Promise<void> => void waits.push(ms)
  const fault: Fault = { point: 'blob-get', kind: 'body-drip', afterBytes: 990, bytes: 4, everyMs: 50 }
  const { client, digest } = await startFaulty([fault, { point: 'blob-get', kind: 'body-drip', afterBytes: 999 }], {
    sleep,
  })
  expect((await client.send('GET', `/v2/a/blobs/${digest}`)).bytes).toEqual(content)
  expect(waits.filter((ms) => ms === 50).length).toBeGreaterThanOrEqual(3)
  expect(waits.filter((ms) => ms === 10_000)).toHaveLength(1)
})

test('body-drip waits on the timer of the platform and stops when the signal fires', async () => {
  const leaving = new AbortController()
  const fault: Fault = { point: 'blob-get', kind: 'body-drip', afterBytes: 10 }
  const { response, read } = await openBlob(fault, {}, leaving.signal)
  expect(response.status).toBe(200)
  const reading = read()
  const reason = new Error('enough')
  setImmediate(() => leaving.abort(reason))
  expect(await reading).toEqual({ bytes: content.subarray(0, 10), end: reason })
  const quick = await openBlob({ point: 'blob-get', kind: 'body-drip', bytes: 400, everyMs: 1 })
  expect(await quick.read()).toEqual({ bytes: content, end: undefined })
})

test('bit-flip changes one bit of an answer and no header', async () => {
  const { response, read, digest } = await openBlob({ point: 'blob-get', kind: 'bit-flip', atByte: 999 })
  const { bytes } = await read()
  const flipped = content.slice()
  flipped[999] = (flipped[999] ?? 0) ^ 1
  expect(bytes).toEqual(flipped)
  expect([response.headers['content-length'], response.headers['docker-content-digest']]).toEqual(['1000', digest])
})

test('bit-flip of an upload makes its digest refused', async () => {
  const { client, begin } = await startFaulty([{ point: 'upload-patch', kind: 'bit-flip' }])
  const upload = await begin()
  expect((await client.send('PATCH', upload, { body: 'abc' })).status).toBe(202)
  expect(codeOf(await client.send('PUT', `${upload}?digest=${digestOf('abc')}`))).toBe('DIGEST_INVALID')
})

test('body-short ends early although Content-Length says more', async () => {
  const { response, read } = await openBlob({ point: 'blob-get', kind: 'body-short', afterBytes: 999 })
  expect(response.headers['content-length']).toBe('1000')
  expect(await read()).toEqual({ bytes: content.subarray(0, 999), end: undefined })
})

test('body-long continues after Content-Length', async () => {
  const { response, read } = await openBlob({ point: 'blob-get', kind: 'body-long', bytes: 70_000 })
  expect(response.headers['content-length']).toBe('1000')
  const { bytes } = await read()
  expect(bytes.byteLength).toBe(71_000)
  expect(bytes.subarray(0, 1000)).toEqual(content)
})

test.each([
  [1, 1001],
  [-300, 700],
])('wrong-size by %i announces and sends %i bytes', async (by, size) => {
  const { response, read } = await openBlob({ point: 'blob-get', kind: 'wrong-size', by })
  expect(response.headers['content-length']).toBe(String(size))
  expect((await read()).bytes.byteLength).toBe(size)
})

test('no-content-length leaves the length open', async () => {
  const { response, read } = await openBlob({ point: 'blob-get', kind: 'no-content-length' })
  expect(response.headers['content-length']).toBe(undefined)
  expect((await read()).bytes).toEqual(content)
})

const asked = { range: 'bytes=100-199' }

test('range-ignored answers 200 with everything', async () => {
  const { response, read } = await openBlob({ point: 'blob-get', kind: 'range-ignored' }, asked)
  expect([response.status, response.headers['content-range']]).toEqual([200, undefined])
  expect((await read()).bytes).toEqual(content)
})

test('range-shifted gives another part, and says so or not', async () => {
  const honest = await openBlob({ point: 'blob-get', kind: 'range-shifted', by: 7 }, asked)
  expect([honest.response.status, honest.response.headers['content-range']]).toEqual([206, 'bytes 107-206/1000'])
  expect((await honest.read()).bytes).toEqual(content.subarray(107, 207))
  const lying = await openBlob({ point: 'blob-get', kind: 'range-shifted', by: -7, honest: false }, asked)
  expect([lying.response.status, lying.response.headers['content-range']]).toEqual([206, 'bytes 100-199/1000'])
  expect((await lying.read()).bytes).toEqual(content.subarray(93, 193))
})

test('range-wrong-total changes the total', async () => {
  const { response, read } = await openBlob({ point: 'blob-get', kind: 'range-wrong-total', by: 5 }, asked)
  expect([response.status, response.headers['content-range']]).toEqual([206, 'bytes 100-199/1005'])
  expect((await read()).bytes).toEqual(content.subarray(100, 200))
})

test('no-content-range gives the part without its place', async () => {
  const { response, read } = await openBlob({ point: 'blob-get', kind: 'no-content-range' }, asked)
  expect([response.status, response.headers['content-range']]).toEqual([206, undefined])
  expect((await read()).bytes).toEqual(content.subarray(100, 200))
})

test.each(['range-ignored', 'range-shifted', 'range-wrong-total', 'no-content-range'] as const)(
  '%s waits for a request with a range',
  async (kind) => {
    const { read, events } = await openBlob({ point: 'blob-get', kind })
    expect((await read()).bytes).toEqual(content)
    expect(events).toEqual([])
  },
)
