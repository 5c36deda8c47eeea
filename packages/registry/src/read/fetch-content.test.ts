import { setTimeout as sleep } from 'node:timers/promises'

import type { ByteStream } from '@drayage/bytes'
import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { randomBytes } from '@drayage/testkit'
import { describe, expect, it, vi } from 'vitest'

import { createRegistryClient } from '../client.ts'
import type { RegistryEvent } from '../events.ts'
import type { RepositoryClient } from '../repository-client.ts'
import { answer, bytesOf, failureFields, refusal } from '../test/image-registry.ts'

const blob = randomBytes(7, 100_000)
const what: Descriptor = { mediaType: 'application/octet-stream', digest: digestOf(blob), size: blob.length }
const OFFSET = 40_000
const rest = Buffer.from(blob.subarray(OFFSET))

interface Peer {
  readonly repository: RepositoryClient
  readonly requests: HttpRequest[]
  readonly events: RegistryEvent[]
}

function peer(respond: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>, now?: () => number): Peer {
  const requests: HttpRequest[] = []
  const events: RegistryEvent[] = []
  const http: HttpClient = async (request) => {
    requests.push(request)
    return await respond(request)
  }
  const client = createRegistryClient({ http, onEvent: (event) => events.push(event), ...(now && { now }) })
  return { repository: client.repository('registry.example/repo'), requests, events }
}

async function* broken(bytes: Uint8Array, error: Error): ByteStream {
  yield bytes
  throw error
}

/** A server that answers ranges in the given way, and other requests with all. */
function ranged(respond: (range: string) => HttpResponse): Peer {
  return peer((request) => {
    const range = request.headers['range']
    return range === undefined ? answer(200, { 'content-length': '100000' }, blob) : respond(range)
  })
}

describe('fetch()', () => {
  it('gives verified bytes, and ranges', async () => {
    const { repository, requests } = ranged((range) => {
      expect(range).toBe('bytes=40000-')
      return answer(206, { 'content-range': 'bytes 40000-99999/100000', 'content-length': '60000' }, rest)
    })
    expect(await bytesOf(repository.fetch(what))).toEqual(Buffer.from(blob))
    expect(await bytesOf(repository.fetch(what, { offset: OFFSET }))).toEqual(rest)
    expect(requests).toHaveLength(2)
  })

  it('fails with mustSeek when the registry ignores the range', async () => {
    const { repository, requests } = ranged(() => answer(200, { 'content-length': '100000' }, blob))
    const bytes = bytesOf(repository.fetch(what, { offset: OFFSET, mustSeek: true }))
    await expect(bytes).rejects.toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
    expect(requests).toHaveLength(1)
  })

  it('sends nothing when nothing is wanted', async () => {
    const { repository, requests } = peer(() => answer(500))
    expect(await bytesOf(repository.fetch(what, { offset: what.size }))).toHaveLength(0)
    const empty = { ...what, digest: digestOf(''), size: 0 }
    expect(await bytesOf(repository.fetch(empty))).toHaveLength(0)
    const wrong = await failureFields(bytesOf(repository.fetch({ ...what, size: 0 })))
    expect(wrong).toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
    expect(requests).toHaveLength(0)
  })

  it.each([-1, 1.5, 100_001, Number.NaN])('refuses the offset %d', async (offset) => {
    const { repository, requests } = peer(() => answer(500))
    await expect(bytesOf(repository.fetch(what, { offset }))).rejects.toThrow(RangeError)
    expect(requests).toHaveLength(0)
  })

  it('refuses other bytes, unless the caller verifies', async () => {
    const other = randomBytes(8, blob.length)
    const { repository } = peer(() => answer(200, {}, other))
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
    expect(await bytesOf(repository.fetch(what, { verify: false }))).toEqual(Buffer.from(other))
  })

  it('sends nothing for an invalid digest', async () => {
    const { repository, requests } = peer(() => answer(200))
    const evil: Descriptor = JSON.parse(JSON.stringify({ ...what, digest: 'sha256:../../x' }))
    expect(await failureFields(bytesOf(repository.fetch(evil)))).toMatchObject({ code: 'ERR_DIGEST_SYNTAX' })
    expect(await failureFields(repository.has(evil))).toMatchObject({ code: 'ERR_DIGEST_SYNTAX' })
    expect(await failureFields(repository.manifest(evil))).toMatchObject({ code: 'ERR_DIGEST_SYNTAX' })
    expect(requests).toHaveLength(0)
  })

  it('never asks the URLs of a descriptor', async () => {
    const urls = [
      'http://evil.example/x',
      'ftp://evil.example/x',
      'file:///etc/passwd',
      'data:,x',
      'gopher://evil.example',
    ]
    const { repository, requests } = peer(() => refusal(404, 'BLOB_UNKNOWN'))
    const error = await failureFields(bytesOf(repository.fetch({ ...what, urls })))
    expect(error).toMatchObject({ code: 'ERR_CONTENT_NOT_FOUND', digest: what.digest })
    expect(error['cause']).toMatchObject({ code: 'ERR_REGISTRY_NOT_FOUND', codes: ['BLOB_UNKNOWN'] })
    expect(requests.map(({ url }) => new URL(url).host)).toEqual(['registry.example'])
  })

  it('follows no redirect to this machine', async () => {
    const { repository, requests } = peer(() => answer(307, { location: 'http://127.0.0.1:2375/version' }))
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({ code: 'ERR_URL_REFUSED' })
    expect(requests).toHaveLength(1)
  })

  it('says where a body ended early, to continue from there', async () => {
    const reset = new Error('reset')
    const { repository } = peer(() => ({ status: 200, headers: {}, body: broken(blob.subarray(0, 1000), reset) }))
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({
      code: 'ERR_REGISTRY_TRUNCATED',
      retryable: true,
      actualBytes: 1000,
      expectedBytes: 100_000,
      cause: { code: 'ERR_REGISTRY_UNREACHABLE', cause: reset },
    })
  })

  it('counts from the start also after an offset', async () => {
    const headers = { 'content-range': 'bytes 40000-99999/100000' }
    const { repository } = ranged(() => ({
      status: 206,
      headers,
      body: broken(rest.subarray(0, 5), new Error('reset')),
    }))
    const error = await failureFields(bytesOf(repository.fetch(what, { offset: OFFSET })))
    expect(error).toMatchObject({ code: 'ERR_REGISTRY_TRUNCATED', actualBytes: OFFSET + 5 })
  })

  it('never takes a short body for the whole', async () => {
    const { repository } = peer(() => answer(200, {}, blob.subarray(0, 99_999)))
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({
      code: 'ERR_REGISTRY_TRUNCATED',
      actualBytes: 99_999,
    })
  })

  it('stops at the first excess byte', async () => {
    let pulled = 0
    const endless = async function* (): ByteStream {
      for (;;) {
        pulled++
        yield new Uint8Array(10_000)
      }
    }
    const { repository } = peer(() => ({ status: 200, headers: {}, body: endless() }))
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({ code: 'ERR_CONTENT_LONG' })
    expect(pulled).toBe(11)
  })

  it.each([
    ['99999', 'ERR_CONTENT_SHORT'],
    ['100001', 'ERR_CONTENT_LONG'],
  ])('refuses a Content-Length of %s before the body', async (length, code) => {
    const { repository } = peer(() => answer(200, { 'content-length': length }, blob))
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({ code })
  })

  it('does without a Content-Length', async () => {
    const { repository } = peer(() => answer(200, {}, blob))
    expect(await bytesOf(repository.fetch(what))).toHaveLength(blob.length)
  })

  it('skips what comes before the offset when the range is ignored', async () => {
    const { repository, events } = ranged(() => answer(200, {}, blob.subarray(0, 39_999), blob.subarray(39_999)))
    expect(await bytesOf(repository.fetch(what, { offset: OFFSET }))).toEqual(rest)
    expect(events).toEqual([{ type: 'range-ignored', host: 'registry.example', skippedBytes: OFFSET }])
  })

  it.each([
    ['shifted by one', 'bytes 40001-99999/100000'],
    ['another start', 'bytes 70000-99999/100000'],
    ['shorter', 'bytes 40000-99998/100000'],
    ['another total', 'bytes 40000-99999/100001'],
    ['garbage', 'bytes x'],
    ['absent', ''],
  ])('does not use a range that is %s', async (_, contentRange) => {
    const { repository, events, requests } = ranged(() => answer(206, { 'content-range': contentRange }, rest))
    expect(await bytesOf(repository.fetch(what, { offset: OFFSET }))).toEqual(rest)
    expect(requests.map(({ headers }) => headers['range'])).toEqual(['bytes=40000-', undefined])
    expect(events).toHaveLength(1)
  })

  it.each([
    ['of one more byte', OFFSET - 1],
    ['of the whole', 0],
  ])('skips what comes before the offset in a range %s', async (_, first) => {
    const { repository, requests } = ranged(() =>
      answer(206, { 'content-range': `bytes ${first}-99999/100000` }, blob.subarray(first)),
    )
    expect(await bytesOf(repository.fetch(what, { offset: OFFSET }))).toEqual(rest)
    expect(requests).toHaveLength(1)
  })

  it('fails with mustSeek when the range starts earlier', async () => {
    const { repository } = ranged(() => answer(206, { 'content-range': 'bytes 0-99999/100000' }, blob))
    const fetched = bytesOf(repository.fetch(what, { offset: OFFSET, mustSeek: true }))
    expect(await failureFields(fetched)).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
  })

  it('accepts a range of unknown total', async () => {
    const { repository, requests } = ranged(() => answer(206, { 'content-range': 'bytes 40000-99999/*' }, rest))
    expect(await bytesOf(repository.fetch(what, { offset: OFFSET }))).toEqual(rest)
    expect(requests).toHaveLength(1)
  })

  it('refuses a range that was not asked for', async () => {
    const { repository } = peer(() => answer(206, { 'content-range': 'bytes 0-99999/100000' }, blob))
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({ code: 'ERR_REGISTRY_PROTOCOL' })
  })

  it('asks for the whole after 416', async () => {
    const { repository, requests } = ranged(() => refusal(416, 'RANGE_INVALID'))
    expect(await bytesOf(repository.fetch(what, { offset: OFFSET }))).toEqual(rest)
    expect(requests).toHaveLength(2)
  })

  it('gives up on a body that drips', async () => {
    let clock = 0
    const drip = async function* (): ByteStream {
      for (let index = 0; index < blob.length; index++) {
        clock += 10_000
        yield blob.subarray(index, index + 1)
      }
    }
    const { repository } = peer(
      () => ({ status: 200, headers: {}, body: drip() }),
      () => clock,
    )
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({
      code: 'ERR_REGISTRY_TRUNCATED',
      actualBytes: 5,
      retryable: true,
      cause: { reason: 'stalled' },
    })
  })

  it('does not blame the source for a slow consumer', async () => {
    let clock = 0
    const parts = [0, 1, 2, 3].map((part) => blob.subarray(part * 25_000, (part + 1) * 25_000))
    const { repository } = peer(
      () => answer(200, {}, ...parts),
      () => clock,
    )
    let bytes = 0
    for await (const chunk of repository.fetch(what)) {
      clock += 1_000_000
      bytes += chunk.byteLength
    }
    expect(bytes).toBe(blob.length)
  })

  it.each([
    [429, 'ERR_REGISTRY_RATE_LIMITED', true],
    [500, 'ERR_REGISTRY', true],
    [503, 'ERR_REGISTRY', true],
    [403, 'ERR_REGISTRY_DENIED', false],
    [401, 'ERR_REGISTRY_UNAUTHORIZED', false],
    [400, 'ERR_REGISTRY', false],
  ])('throws the error of a %i', async (status, code, retryable) => {
    for (const offset of [0, OFFSET]) {
      const { repository } = peer(() => refusal(status, 'X', { 'retry-after': '7' }))
      const error = await failureFields(bytesOf(repository.fetch(what, { offset })))
      expect(error).toMatchObject({ code, status, retryable, codes: ['X'], retryAfterMs: 7000, method: 'GET' })
    }
  })

  it("marks a storage's refusal of an expired URL as retryable", async () => {
    const { repository } = peer(({ url }) =>
      url.startsWith('https://registry.example/')
        ? answer(307, { location: 'https://storage.example/x?X-Amz-Signature=SIG' })
        : answer(403, { 'www-authenticate': 'Bearer realm="https://evil.example/t"' }, '<Error>expired</Error>'),
    )
    const error = await failureFields(bytesOf(repository.fetch(what)))
    expect(error).toMatchObject({ code: 'ERR_REGISTRY', status: 403, retryable: true, codes: [] })
    expect(error['url']).toBe('https://storage.example/x?X-Amz-Signature=***')
  })

  it('refuses a web page in place of a blob', async () => {
    const { repository } = peer(() =>
      answer(200, { 'content-type': 'text/html', 'content-length': '13' }, '<html></html>'),
    )
    expect(await failureFields(bytesOf(repository.fetch(what)))).toMatchObject({
      code: 'ERR_REGISTRY_PROTOCOL',
      retryable: false,
    })
  })

  it('never decodes a body, and refuses encoded ranges', async () => {
    const whole = peer(() => answer(200, { 'content-encoding': 'gzip' }, blob))
    expect(await bytesOf(whole.repository.fetch(what))).toEqual(Buffer.from(blob))
    const headers = {
      'content-encoding': Array.from({ length: 1000 }, () => 'gzip').join(', '),
      'content-range': 'bytes 40000-99999/100000',
    }
    const part = ranged(() => answer(206, headers, rest))
    expect(await bytesOf(part.repository.fetch(what, { offset: OFFSET }))).toEqual(rest)
    expect(part.requests).toHaveLength(2)
  })

  it('rejects with the reason of its signal, before and in the middle of a body', async () => {
    const reason = new Error('mine')
    const { repository, requests } = peer(() => ({
      status: 200,
      headers: {},
      body: (async function* (): ByteStream {
        yield blob.subarray(0, 10)
        await sleep(3_600_000, undefined, { ref: false })
      })(),
    }))
    await expect(bytesOf(repository.fetch(what, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason)
    expect(requests).toHaveLength(0)
    const controller = new AbortController()
    const read = async (): Promise<void> => {
      for await (const _ of repository.fetch(what, { signal: controller.signal })) controller.abort(reason)
    }
    await expect(read()).rejects.toBe(reason)
  })

  it('closes the body of a consumer that stops early', async () => {
    let isClosed = false
    const source = async function* (): ByteStream {
      try {
        for (;;) yield blob.subarray(0, 10)
      } finally {
        isClosed = true
      }
    }
    const { repository } = peer(() => ({ status: 200, headers: {}, body: source() }))
    for await (const _ of repository.fetch(what)) break
    expect(isClosed).toBe(true)
  })
})

/** How often generators are resumed while `work` runs. */
async function resumptions(work: () => Promise<unknown>): Promise<number> {
  async function* none(): ByteStream {
    // Only its prototypes matter.
  }
  const prototype: AsyncGenerator = Object.getPrototypeOf(Object.getPrototypeOf(none()))
  const next = vi.spyOn(prototype, 'next')
  await work()
  const count = next.mock.calls.length
  next.mockRestore()
  return count
}

describe('a chunk', () => {
  it('passes one generator between the body and a caller that verifies, and one that does not', async () => {
    const chunks = Array.from({ length: 100 }, (_, at) => blob.subarray(at * 1000, (at + 1) * 1000))
    const respond = (): HttpResponse => {
      const body = chunks.values()
      return { status: 200, headers: {}, body: { [Symbol.asyncIterator]: () => ({ next: async () => body.next() }) } }
    }
    const { repository } = peer(respond)
    for (const verify of [false, true]) {
      expect(await resumptions(() => bytesOf(repository.fetch(what, { verify })))).toBe(chunks.length + 1)
    }
  })
})

describe('has()', () => {
  it.each([
    ['there', { status: 200, headers: { 'content-length': '100000' } }, true],
    ['there without a length', { status: 200, headers: {} }, true],
    ['there with another length', { status: 200, headers: { 'content-length': '5' } }, false],
    ['not there', { status: 404, headers: {} }, false],
  ])('%s', async (_, { status, headers }, wanted) => {
    const { repository, requests } = peer(() => answer(status, { ...headers }))
    expect(await repository.has(what)).toBe(wanted)
    expect(requests.map(({ method }) => method)).toEqual(['HEAD'])
  })

  it.each([400, 403, 405, 429, 500, 501, 503])('asks by GET where HEAD is answered with %i', async (refused) => {
    for (const [status, wanted] of [
      [200, true],
      [404, false],
    ] as const) {
      const { repository, requests } = peer(({ method }) =>
        method === 'HEAD' ? answer(refused) : answer(status, {}, blob),
      )
      expect(await repository.has(what)).toBe(wanted)
      expect(requests.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
    }
  })

  it('refuses a blob of another length where HEAD is not served either', async () => {
    const { repository } = peer(({ method }) =>
      method === 'HEAD' ? answer(405) : answer(200, { 'content-length': '5' }),
    )
    expect(await repository.has(what)).toBe(false)
  })

  it('throws for any other answer, with the words of GET', async () => {
    const { repository } = peer(({ method }) => (method === 'HEAD' ? answer(500) : refusal(500, 'BROKEN')))
    expect(await failureFields(repository.has(what))).toMatchObject({
      status: 500,
      retryable: true,
      method: 'GET',
      said: 'it is BROKEN',
    })
    const refused = peer(({ method }) => answer(method === 'HEAD' ? 405 : 403))
    expect(await failureFields(refused.repository.has(what))).toMatchObject({ code: 'ERR_REGISTRY_DENIED' })
  })
})
