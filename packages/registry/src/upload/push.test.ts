import { concat, decodeText, encodeText, fromBytes, type ByteStream } from '@drayage/bytes'
import { writeBlob, type HttpClient, type HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { decodeImageConfig, encodeSchema1, MEDIA_TYPES, signSchema1, type Descriptor } from '@drayage/manifest'
import { buildImage } from '@drayage/testkit'
import { describe, expect, it } from 'vitest'

import { answer, failure, failureFields, refusal } from '../test/image-registry.ts'
import {
  blobOf,
  chunked,
  HOST,
  holds,
  pushAll,
  pushRegistry,
  resetAfter,
  stepOf,
  type Fault,
} from '../test/push-registry.ts'
import { createMemorySessions } from './session-store.ts'

const SMALL = blobOf(1, 300_000)
const LARGE = blobOf(2, 6_000_000)

/** Changes the answers of one kind of request. */
function on(step: string, change: (response: HttpResponse) => HttpResponse): Fault {
  return (request, next) => (stepOf(request) === step ? next(request).then(change) : undefined)
}

/** A fault that strikes the first `times` requests of one kind. */
function first(times: number, step: string, fault: Fault): Fault {
  let count = 0
  return (request, next) => (stepOf(request) === step && count++ < times ? fault(request, next) : undefined)
}

function withHeaders(response: HttpResponse, headers: Record<string, string | undefined>): HttpResponse {
  const merged = Object.entries({ ...response.headers, ...headers }).filter(([, value]) => value !== undefined)
  return { ...response, headers: Object.fromEntries(merged.map(([name, value]) => [name, String(value)])) }
}

describe('begin()', () => {
  it('sends small content in one PUT, and nothing before the commit', async () => {
    const registry = pushRegistry()
    await using ingest = await registry.repository.begin(SMALL.what.digest)
    await ingest.append(chunked(SMALL.bytes))
    expect(ingest.offset).toBe(SMALL.what.size)
    expect(registry.steps()).toEqual([])
    expect(await ingest.commit(SMALL.what)).toBe('committed')
    expect(registry.steps()).toEqual(['POST uploads', 'PUT upload'])
    expect(registry.requests[1]?.headers['content-length']).toBe('300000')
    expect(await holds(registry, SMALL.what)).toBe(true)
    expect(ingest.session).toBeUndefined()
  })

  it('streams large content in one PATCH, with its length when that is known', async () => {
    for (const [size, length] of [
      [undefined, undefined],
      [LARGE.what.size, '6000000'],
    ] as const) {
      const registry = pushRegistry()
      expect(await pushAll(registry.repository, LARGE.what, LARGE.bytes, size === undefined ? {} : { size })).toBe(1)
      expect(registry.steps()).toEqual(['POST uploads', 'PATCH upload', 'PUT upload'])
      expect(registry.requests[1]?.headers['content-length']).toBe(length)
      expect(registry.requests[2]?.body).toBeUndefined()
      expect(await holds(registry, LARGE.what)).toBe(true)
    }
  })

  it('sends empty content', async () => {
    const registry = pushRegistry()
    const empty = blobOf(0, 0)
    expect(await writeBlob(registry.repository, empty.what, empty.bytes)).toBe('committed')
    expect(await holds(registry, empty.what)).toBe(true)
  })

  it('sends chunks when an option asks for them, and no smaller ones than the registry takes', async () => {
    const registry = pushRegistry({ chunkBytes: 1_000_000 })
    await pushAll(registry.repository, LARGE.what, LARGE.bytes)
    const ranges = registry.requests
      .map(({ headers }) => headers['content-range'])
      .filter((range) => range !== undefined)
    expect(ranges).toHaveLength(6)
    expect(ranges.slice(0, 2)).toEqual(['0-999999', '1000000-1999999'])
    expect(await holds(registry, LARGE.what)).toBe(true)

    const strict = pushRegistry({ chunkBytes: 1_000_000 })
    strict.fault = on('POST uploads', (response) => withHeaders(response, { 'oci-chunk-min-length': '2500000' }))
    await pushAll(strict.repository, LARGE.what, LARGE.bytes)
    const lengths = strict.requests
      .filter(({ method }) => method === 'PATCH')
      .map(({ headers }) => headers['content-length'])
    expect(lengths).toEqual(['2500000', '2500000', '1000000'])
  })

  it.each([0, -1, 1.5, 64 * 1024 * 1024 + 1])('refuses chunks of %d', (chunkBytes) => {
    expect(() => pushRegistry({ chunkBytes })).toThrow(RangeError)
  })

  it('refuses invalid keys and sizes', async () => {
    const { repository } = pushRegistry()
    expect(await failureFields(repository.begin('a b'))).toMatchObject({ code: 'ERR_INGEST_KEY' })
    await expect(repository.begin('key', { size: -1 })).rejects.toThrow(RangeError)
  })

  it('waits for the holder of the same key', async () => {
    const { repository } = pushRegistry()
    const one = await repository.begin('key')
    let isOpen = false
    const two = repository.begin('key').then((ingest) => {
      isOpen = true
      return ingest
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isOpen).toBe(false)
    await one[Symbol.asyncDispose]()
    await using ingest = await two
    expect(ingest.offset).toBe(0)
  })
})

describe('Ingest', () => {
  it('keeps the bytes that came before a source failed, in memory and at the registry', async () => {
    const registry = pushRegistry()
    async function* broken(bytes: Uint8Array): ByteStream {
      yield* chunked(bytes)
      throw new Error('the source is gone')
    }
    await using small = await registry.repository.begin(SMALL.what.digest)
    await expect(small.append(broken(SMALL.bytes.subarray(0, 1000)))).rejects.toThrow('the source is gone')
    expect(small.offset).toBe(1000)
    await small.append(chunked(SMALL.bytes, 1000))
    await small.commit(SMALL.what)
    await using large = await registry.repository.begin(LARGE.what.digest)
    await expect(large.append(broken(LARGE.bytes.subarray(0, 5_000_000)))).rejects.toThrow('the source is gone')
    expect(large.offset).toBe(5_000_000)
    expect(large.session).toMatch(/^\/v2\/team\/app\/blobs\/uploads\//)
    await large.append(chunked(LARGE.bytes, 5_000_000))
    expect(await large.commit(LARGE.what)).toBe('committed')
    expect(await holds(registry, LARGE.what)).toBe(true)
  })

  it('tells short, long and wrong content apart', async () => {
    const registry = pushRegistry()
    await using ingest = await registry.repository.begin(SMALL.what.digest)
    await ingest.append(chunked(SMALL.bytes.subarray(0, 10)))
    expect(await failureFields(ingest.commit(SMALL.what))).toMatchObject({ code: 'ERR_CONTENT_SHORT' })
    expect(ingest.offset).toBe(10)
    await ingest.append(chunked(SMALL.bytes))
    expect(await failureFields(ingest.commit(SMALL.what))).toMatchObject({ code: 'ERR_CONTENT_LONG' })
    expect(ingest.offset).toBe(0)
    await ingest.append(chunked(blobOf(3, SMALL.what.size).bytes))
    expect(await failureFields(ingest.commit(SMALL.what))).toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
    await ingest.append(chunked(SMALL.bytes))
    expect(await ingest.commit(SMALL.what)).toBe('committed')
    expect(await ingest.commit(SMALL.what)).toBe('already-present')
    expect(await failureFields(ingest.commit(LARGE.what))).toMatchObject({ code: 'ERR_INGEST_CLOSED' })
    expect(await failureFields(ingest.append(fromBytes()))).toMatchObject({ code: 'ERR_INGEST_CLOSED' })
    expect(await failureFields(ingest.reset())).toMatchObject({ code: 'ERR_INGEST_CLOSED' })
  })

  it('tells short and long content at the registry apart', async () => {
    const registry = pushRegistry()
    await using ingest = await registry.repository.begin(LARGE.what.digest)
    await ingest.append(chunked(LARGE.bytes.subarray(0, 5_000_000)))
    expect(await failureFields(ingest.commit(LARGE.what))).toMatchObject({ code: 'ERR_CONTENT_SHORT' })
    await ingest.append(chunked(LARGE.bytes))
    expect(await failureFields(ingest.commit(LARGE.what))).toMatchObject({ code: 'ERR_CONTENT_LONG' })
    expect(ingest.offset).toBe(0)
    expect(registry.steps().at(-1)).toBe('DELETE upload')
  })

  it('needs no bytes for content that is there', async () => {
    const registry = pushRegistry()
    await pushAll(registry.repository, SMALL.what, SMALL.bytes)
    registry.steps()
    await using ingest = await registry.repository.begin(SMALL.what.digest)
    expect(await ingest.commit(SMALL.what)).toBe('already-present')
    expect(registry.steps()).toEqual(['HEAD blobs'])
  })

  it('drops its bytes and its session when it is reset', async () => {
    const registry = pushRegistry()
    await using ingest = await registry.repository.begin(LARGE.what.digest)
    await ingest.append(chunked(LARGE.bytes))
    await ingest.reset()
    expect([ingest.offset, ingest.session]).toEqual([0, undefined])
    expect(registry.steps().at(-1)).toBe('DELETE upload')
  })

  it('rejects with the reason of its signal, and continues later', async () => {
    const registry = pushRegistry()
    const reason = new Error('enough')
    const controller = new AbortController()
    async function* stopped(): ByteStream {
      yield* chunked(LARGE.bytes.subarray(0, 5_000_000))
      controller.abort(reason)
      yield LARGE.bytes.subarray(5_000_000, 5_000_001)
    }
    {
      await using ingest = await registry.repository.begin(LARGE.what.digest)
      expect(await failure(ingest.append(stopped(), { signal: controller.signal }))).toBe(reason)
      expect(await failure(ingest.commit(LARGE.what, { signal: controller.signal }))).toBe(reason)
    }
    await using ingest = await registry.repository.begin(LARGE.what.digest)
    expect(ingest.offset).toBeGreaterThanOrEqual(4 * 1024 * 1024)
    await ingest.append(chunked(LARGE.bytes, ingest.offset))
    expect(await ingest.commit(LARGE.what)).toBe('committed')
  })

  it('detects short and long content before the registry does, when it knows the size', async () => {
    for (const [length, code] of [
      [5_999_999, 'ERR_CONTENT_SHORT'],
      [6_000_001, 'ERR_CONTENT_LONG'],
    ] as const) {
      const registry = pushRegistry()
      await using ingest = await registry.repository.begin(LARGE.what.digest, { size: LARGE.what.size })
      expect(await failureFields(ingest.append(chunked(blobOf(4, length).bytes)))).toMatchObject({ code })
    }
  })
})

describe('sessions of uploads', () => {
  it('continue in another client where a reset left them', async () => {
    const kept = new Map<string, string>()
    const uploadSessions = {
      claim: async () => ({ [Symbol.dispose]() {} }),
      load: async (key: string) => kept.get(key),
      save: async (key: string, session: string) => void kept.set(key, session),
      forget: async (key: string) => void kept.delete(key),
    }
    const registry = pushRegistry({ uploadSessions })
    registry.fault = first(1, 'PATCH upload', (request, next) => resetAfter(request, next, 5_000_000))
    {
      await using ingest = await registry.repository.begin(LARGE.what.digest)
      const error = await failureFields(ingest.append(chunked(LARGE.bytes)))
      expect(error).toMatchObject({ code: 'ERR_REGISTRY_UNREACHABLE', retryable: true })
      expect(ingest.offset).toBe(5_000_000)
    }
    expect([...kept.keys()]).toEqual([`${HOST}/team/app@${LARGE.what.digest}`])
    registry.steps()
    await using ingest = await registry.client().begin(LARGE.what.digest)
    expect(ingest.offset).toBe(5_000_000)
    await ingest.append(chunked(LARGE.bytes, 5_000_000))
    await ingest.commit(LARGE.what)
    expect(registry.steps()).toEqual(['GET upload', 'PATCH upload', 'PUT upload'])
    expect(kept.size).toBe(0)
    expect(await holds(registry, LARGE.what)).toBe(true)
  })

  it('in use elsewhere are left alone: each upload has its own', async () => {
    const registry = pushRegistry({ uploadSessions: createMemorySessions() })
    const half = 5_000_000
    await using one = await registry.repository.begin(LARGE.what.digest)
    await one.append(chunked(LARGE.bytes.subarray(0, half)))
    {
      await using other = await registry.client().begin(LARGE.what.digest)
      expect(other.offset).toBe(0)
      await other.append(chunked(LARGE.bytes.subarray(0, half)))
      expect(other.session).not.toBe(one.session)
      await one.append(chunked(LARGE.bytes, half))
      expect(await one.commit(LARGE.what)).toBe('committed')
      await other.append(chunked(LARGE.bytes, half))
      expect(await other.commit(LARGE.what)).toBe('committed')
    }
    await using later = await registry.client().begin(LARGE.what.digest)
    expect(later.offset).toBe(0)
    expect(await holds(registry, LARGE.what)).toBe(true)
  })

  it.each([401, 403])(
    'at another host, whose time is over as it says by %d, begin anew at the registry',
    async (status) => {
      const uploadSessions = createMemorySessions()
      await uploadSessions.save(`${HOST}/team/app@${LARGE.what.digest}`, 'https://storage.example/upload?sig=over')
      const registry = pushRegistry({ uploadSessions })
      registry.fault = ({ url }) =>
        url.startsWith('https://storage.example/') ? Promise.resolve(answer(status, {})) : undefined
      expect(await pushAll(registry.repository, LARGE.what, LARGE.bytes)).toBe(1)
      expect(registry.requests.slice(0, 2).map(({ method, url }) => [method, new URL(url).host])).toEqual([
        ['GET', 'storage.example'],
        ['POST', HOST],
      ])
      expect(await holds(registry, LARGE.what)).toBe(true)
    },
  )

  it('continue from the session that a caller kept', async () => {
    const registry = pushRegistry()
    const one = await registry.repository.begin(LARGE.what.digest)
    await one.append(chunked(LARGE.bytes))
    const { session } = one
    await using ingest = await registry.client().begin(LARGE.what.digest, { session })
    expect(ingest.offset).toBe(LARGE.what.size)
    expect(await ingest.commit(LARGE.what)).toBe('committed')
  })

  it('are forgotten when they name an address that is refused', async () => {
    const registry = pushRegistry()
    const session = 'http://169.254.169.254/latest/'
    await using ingest = await registry.repository.begin(SMALL.what.digest, { session })
    expect([ingest.offset, ingest.session]).toEqual([0, undefined])
    expect(registry.requests).toEqual([])
  })

  it('start again when the registry has lost them', async () => {
    for (const step of ['PATCH upload', 'PUT upload']) {
      const registry = pushRegistry()
      registry.fault = first(1, step, async () => refusal(404, 'BLOB_UPLOAD_UNKNOWN'))
      await using ingest = await registry.repository.begin(LARGE.what.digest)
      const work = ingest.append(chunked(LARGE.bytes)).then(() => ingest.commit(LARGE.what))
      const fields = await failureFields(work)
      expect(fields).toMatchObject({ code: 'ERR_REGISTRY_UPLOAD', reason: 'session-lost', retryable: true })
      expect(ingest.offset).toBe(0)
      expect(registry.steps()).toContain('HEAD blobs')
      await ingest.append(chunked(LARGE.bytes))
      expect(await ingest.commit(LARGE.what)).toBe('committed')
      expect(await holds(registry, LARGE.what)).toBe(true)
    }
  })

  it('end when the content is there', async () => {
    const registry = pushRegistry()
    registry.fault = first(1, 'PUT upload', async (request, next) => {
      await next(request)
      return refusal(404, 'BLOB_UPLOAD_UNKNOWN')
    })
    expect(await pushAll(registry.repository, LARGE.what, LARGE.bytes)).toBe(1)
    expect(await holds(registry, LARGE.what)).toBe(true)
  })

  it('that take no bytes by PUT get them by PATCH', async () => {
    const registry = pushRegistry()
    registry.fault = (request) =>
      stepOf(request) === 'PUT upload' && request.body !== undefined
        ? Promise.resolve(refusal(404, 'BLOB_UPLOAD_UNKNOWN'))
        : undefined
    expect(await pushAll(registry.repository, SMALL.what, SMALL.bytes)).toBe(1)
    expect(registry.steps()).toEqual([
      'POST uploads',
      'PUT upload',
      'HEAD blobs',
      'POST uploads',
      'PATCH upload',
      'PUT upload',
    ])
    const other = blobOf(5, 1000)
    expect(await pushAll(registry.repository, other.what, other.bytes)).toBe(1)
    expect(registry.steps()).toEqual(['POST uploads', 'PATCH upload', 'PUT upload'])
  })
})

describe('answers to an upload', () => {
  it('that are lost are looked up', async () => {
    const lost: Fault = async (request, next) => {
      await next(request)
      throw new Error('ECONNRESET')
    }
    const patch = pushRegistry()
    patch.fault = first(1, 'PATCH upload', lost)
    expect(await pushAll(patch.repository, LARGE.what, LARGE.bytes)).toBe(2)
    expect(patch.steps()).toEqual(['POST uploads', 'PATCH upload', 'GET upload', 'GET upload', 'PUT upload'])
    const chunks = pushRegistry({ chunkBytes: 1_000_000 })
    chunks.fault = first(2, 'PATCH upload', lost)
    expect(await pushAll(chunks.repository, LARGE.what, LARGE.bytes)).toBe(3)
    expect(chunks.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(6)
    const put = pushRegistry()
    put.fault = first(1, 'PUT upload', lost)
    expect(await pushAll(put.repository, LARGE.what, LARGE.bytes)).toBe(1)
    expect(put.steps()).toEqual(['POST uploads', 'PATCH upload', 'PUT upload', 'HEAD blobs'])
    const whole = pushRegistry()
    whole.fault = first(1, 'PUT upload', lost)
    expect(await pushAll(whole.repository, SMALL.what, SMALL.bytes)).toBe(1)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])('a reset at %d tenths is gone on after', async (tenths) => {
    for (const options of [{}, { chunkBytes: 1_000_000 }]) {
      const registry = pushRegistry(options)
      const { what, bytes } = LARGE
      registry.fault = first(1, 'PATCH upload', (request, next) => resetAfter(request, next, (what.size / 10) * tenths))
      expect(await pushAll(registry.repository, what, bytes)).toBe(2)
      expect(await holds(registry, what)).toBe(true)
    }
  })

  it('may leave out Range, and give a relative, absolute or changing Location with a query', async () => {
    const seen: string[] = []
    const registry = pushRegistry()
    let count = 0
    registry.fault = (request, next) => {
      const url = new URL(request.url)
      if (!stepOf(request).endsWith('upload') && !stepOf(request).endsWith('uploads')) return undefined
      seen.push(url.search)
      const change = (response: HttpResponse): HttpResponse => {
        const location = `${response.headers['location'] ?? ''}?_state=a%2Bb${++count}`
        const absolute = request.method === 'PATCH' ? `http://${HOST}${location}` : location
        return response.status === 202 ? withHeaders(response, { range: undefined, location: absolute }) : response
      }
      return next(request).then(change)
    }
    expect(await pushAll(registry.repository, LARGE.what, LARGE.bytes)).toBe(1)
    expect(seen).toEqual(['', '?_state=a%2Bb1', `?_state=a%2Bb2&digest=${encodeURIComponent(LARGE.what.digest)}`])
    expect(registry.requests.every(({ url }) => url.startsWith(`https://${HOST}/`))).toBe(true)
    expect(await holds(registry, LARGE.what)).toBe(true)
  })

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is blank', '  '],
    ['is not a URL', 'http://'],
  ])('whose Location %s are an error at once', async (_, location) => {
    for (const { what, bytes } of [SMALL, LARGE]) {
      const registry = pushRegistry()
      registry.fault = on('POST uploads', (response) => withHeaders(response, { location }))
      expect(await failureFields(pushAll(registry.repository, what, bytes))).toMatchObject({
        code: 'ERR_REGISTRY_PROTOCOL',
        retryable: false,
        message: expect.stringMatching(/^Cannot POST .*Location header/),
      })
      expect(registry.steps()).toEqual(['POST uploads'])
    }
  })

  it('to PATCH without a Location mean the same place', async () => {
    for (const location of [undefined, '']) {
      const registry = pushRegistry()
      registry.fault = on('PATCH upload', (response) => withHeaders(response, { location }))
      expect(await pushAll(registry.repository, LARGE.what, LARGE.bytes)).toBe(1)
      const chunks = pushRegistry({ chunkBytes: 1_000_000 })
      chunks.fault = registry.fault
      expect(await pushAll(chunks.repository, LARGE.what, LARGE.bytes)).toBe(1)
      expect(await holds(chunks, LARGE.what)).toBe(true)
    }
  })

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is not a URL', 'http://'],
  ])('to PATCH whose Location %s are an error at once, where the upload does not go on there', async (_, location) => {
    for (const options of [{}, { chunkBytes: 4_000_000 }]) {
      const registry = pushRegistry(options)
      let patches = 0
      registry.fault = (request, next) => {
        const isNext = stepOf(request) === 'PUT upload' || (stepOf(request) === 'PATCH upload' && ++patches > 1)
        if (isNext) return Promise.resolve(refusal(404, 'BLOB_UPLOAD_UNKNOWN'))
        const change = on('PATCH upload', (response) => withHeaders(response, { location }))
        return change(request, next)
      }
      expect(await failureFields(pushAll(registry.repository, LARGE.what, LARGE.bytes))).toMatchObject({
        code: 'ERR_REGISTRY_PROTOCOL',
        retryable: false,
        message: expect.stringMatching(/^Cannot PATCH .*Location header/),
      })
      expect(registry.steps().filter((step) => step === 'POST uploads')).toHaveLength(1)
    }
  })

  it('of 201 to PATCH mean an end only when the content is there', async () => {
    const partly = pushRegistry()
    partly.fault = on('PATCH upload', (response) => ({ ...response, status: 201 }))
    expect(await pushAll(partly.repository, LARGE.what, LARGE.bytes)).toBe(1)
    expect(partly.steps()).toEqual(['POST uploads', 'PATCH upload', 'HEAD blobs', 'GET upload', 'PUT upload'])
    expect(await holds(partly, LARGE.what)).toBe(true)
    const wholly = pushRegistry()
    wholly.fault = (request, next) => {
      if (stepOf(request) !== 'PATCH upload') return undefined
      const url = `${request.url}?digest=${LARGE.what.digest}`
      return next({ ...request, method: 'PUT', url })
    }
    expect(await pushAll(wholly.repository, LARGE.what, LARGE.bytes)).toBe(1)
    expect(wholly.steps()).toEqual(['POST uploads', 'PATCH upload', 'HEAD blobs'])
    expect(await holds(wholly, LARGE.what)).toBe(true)
  })

  it('of success to PUT without the content are an error', async () => {
    const registry = pushRegistry()
    registry.fault = (request) => (stepOf(request) === 'PUT upload' ? Promise.resolve(answer(202)) : undefined)
    expect(await failureFields(pushAll(registry.repository, LARGE.what, LARGE.bytes))).toMatchObject({
      code: 'ERR_REGISTRY_PROTOCOL',
    })
    expect(registry.steps()).toContain('HEAD blobs')
  })

  it('that name another digest are refused', async () => {
    const registry = pushRegistry()
    registry.fault = on('PUT upload', (response) =>
      withHeaders(response, { 'docker-content-digest': SMALL.what.digest }),
    )
    expect(await failureFields(pushAll(registry.repository, LARGE.what, LARGE.bytes))).toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
    })
  })

  it('of DIGEST_INVALID are a distinct error, and end the session', async () => {
    const registry = pushRegistry()
    await using ingest = await registry.repository.begin(LARGE.what.digest)
    await ingest.append(chunked(blobOf(9, LARGE.what.size).bytes))
    const fields = await failureFields(ingest.commit(LARGE.what))
    expect(fields).toMatchObject({ code: 'ERR_REGISTRY_DIGEST_REFUSED', codes: ['DIGEST_INVALID'], retryable: false })
    expect([ingest.offset, ingest.session]).toEqual([0, undefined])
    await ingest.append(chunked(LARGE.bytes))
    expect(await ingest.commit(LARGE.what)).toBe('committed')
  })

  it('of 500 are left to the caller, after a check whether the PUT took effect', async () => {
    const before = pushRegistry()
    before.fault = first(2, 'PATCH upload', async () => refusal(503, 'UNAVAILABLE', { 'retry-after': '7' }))
    expect(await pushAll(before.repository, LARGE.what, LARGE.bytes)).toBe(3)
    const after = pushRegistry()
    after.fault = first(1, 'PUT upload', async (request, next) => {
      await next(request)
      return refusal(500, 'UNKNOWN')
    })
    expect(await pushAll(after.repository, LARGE.what, LARGE.bytes)).toBe(1)
    const limited = pushRegistry()
    limited.fault = first(1, 'POST uploads', async () => refusal(429, 'TOOMANYREQUESTS', { 'retry-after': '3' }))
    expect(await failureFields(pushAll(limited.repository, SMALL.what, SMALL.bytes, { attempts: 1 }))).toMatchObject({
      code: 'ERR_REGISTRY_RATE_LIMITED',
      retryable: true,
      retryAfterMs: 3000,
    })
  })

  it('of 413 lead to chunks, as small as needed', async () => {
    const capped =
      (most: number): Fault =>
      async (request, next) => {
        let bytes = 0
        const chunks: Uint8Array[] = []
        for await (const chunk of request.body ?? fromBytes()) {
          bytes += chunk.byteLength
          chunks.push(chunk)
          if (bytes > most) return answer(413, { 'content-type': 'text/html' }, '<html>too large</html>')
        }
        return await next({ ...request, ...(request.body !== undefined && { body: fromBytes(...chunks) }) })
      }
    const registry = pushRegistry()
    registry.fault = capped(1_048_576)
    expect(await pushAll(registry.repository, LARGE.what, LARGE.bytes)).toBe(2)
    expect(await holds(registry, LARGE.what)).toBe(true)
    registry.steps()
    const held = blobOf(6, 3_000_000)
    expect(await pushAll(registry.repository, held.what, held.bytes)).toBe(1)
    expect(registry.steps()).toEqual(['POST uploads', 'PATCH upload', 'PATCH upload', 'PATCH upload', 'PUT upload'])
    const fresh = pushRegistry()
    fresh.fault = capped(1_048_576)
    expect(await pushAll(fresh.repository, held.what, held.bytes)).toBe(1)
    const tiny = pushRegistry()
    tiny.fault = capped(1000)
    expect(await failureFields(pushAll(tiny.repository, held.what, held.bytes))).toMatchObject({ status: 413 })
  })
})

describe('a redirect', () => {
  /** Answers one kind of request to the registry itself with a redirect to `target`, where the registry is too. */
  const redirect =
    (step: string, status: number, target: string): Fault =>
    (request, next) => {
      const { pathname, search, origin } = new URL(request.url)
      const moved = new URL(target, request.url)
      const prefix = moved.pathname.replace(/\/$/, '')
      const isMoved = pathname.startsWith(`${prefix}/`) && origin === moved.origin
      if (isMoved) {
        const url = `https://${HOST}${pathname.slice(prefix.length)}${search}`
        // Uploads go on at the registry itself.
        return next({ ...request, url }).then((response) => {
          const location = response.headers['location']
          return location === undefined ? response : withHeaders(response, { location: `https://${HOST}${location}` })
        })
      }
      if (stepOf(request) !== step) return undefined
      return Promise.resolve(answer(status, { location: `${moved.origin}${prefix}${pathname}${search}` }))
    }
  const login = { username: 'u', password: 'p' }
  it.each(
    ['POST uploads', 'PATCH upload', 'PUT upload'].flatMap((step) =>
      [301, 302, 307, 308].map((status) => [step, status] as const),
    ),
  )('of %s with %i is followed, with the login on the same host', async (step, status) => {
    for (const { what, bytes } of [SMALL, LARGE]) {
      for (const options of [{}, { chunkBytes: 2_000_000 }]) {
        const registry = pushRegistry(
          { credentials: async () => login, ...options },
          {},
          (handler) => async (request) =>
            request.headers['authorization'] === undefined
              ? refusal(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="r"' })
              : await handler(request),
        )
        registry.fault = redirect(step, status, '/elsewhere/')
        await pushAll(registry.repository, what, bytes)
        expect(await holds(registry, what)).toBe(true)
      }
    }
  })

  it.each(['POST uploads', 'PATCH upload', 'PUT upload'])(
    'of %s is followed to another host without the login',
    async (step) => {
      for (const { what, bytes } of [SMALL, LARGE]) {
        const registry = pushRegistry({ credentials: async () => login })
        registry.fault = redirect(step, 307, 'https://storage.example/')
        await pushAll(registry.repository, what, bytes)
        expect(await holds(registry, what)).toBe(true)
        const away = registry.requests.filter(({ url }) => new URL(url).host !== HOST)
        expect(away.every(({ headers }) => headers['authorization'] === undefined)).toBe(true)
      }
    },
  )

  it('of a manifest, and of what deletes it, is followed with method and body', async () => {
    const image = await buildImage()
    const registry = pushRegistry()
    const { repository } = registry
    for (const [digest, bytes] of image.blobs) {
      const what = { mediaType: 'application/octet-stream', digest, size: bytes.length }
      if (digest !== image.manifest.digest) await writeBlob(repository, what, bytes)
    }
    registry.fault = redirect('PUT manifests', 308, 'https://storage.example/')
    const name = { domain: HOST, path: 'team/app', tag: 'v1' }
    await repository.putTagged(image.manifest, image.manifestBytes, name)
    expect((await repository.resolve(name)).digest).toBe(image.manifest.digest)
    registry.fault = redirect('DELETE manifests', 307, '/elsewhere/')
    expect(await repository.deleteManifest(image.manifest.digest)).toBe(true)
    expect(await failureFields(repository.resolve(name))).toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  })

  it('that does not end is refused', async () => {
    for (const [step, { what, bytes }] of [
      ['PUT upload', SMALL],
      ['PATCH upload', LARGE],
    ] as const) {
      const registry = pushRegistry()
      registry.fault = (request) =>
        stepOf(request) === step ? Promise.resolve(answer(307, { location: request.url })) : undefined
      expect(await failureFields(pushAll(registry.repository, what, bytes, { attempts: 20 }))).toMatchObject({
        code: 'ERR_URL_REFUSED',
        reason: 'redirects',
      })
    }
  })

  it.each(['http://storage.example/', 'https://127.0.0.1/', 'https://169.254.169.254/'])(
    'to %s is refused',
    async (target) => {
      for (const [step, { what, bytes }] of [
        ['POST uploads', SMALL],
        ['PUT upload', SMALL],
        ['PATCH upload', LARGE],
      ] as const) {
        const registry = pushRegistry()
        registry.fault = redirect(step, 307, target)
        expect(await failureFields(pushAll(registry.repository, what, bytes))).toMatchObject({
          code: 'ERR_URL_REFUSED',
        })
        expect(registry.requests.every(({ url }) => new URL(url).host === HOST)).toBe(true)
      }
    },
  )
})

describe('a Location on another host', () => {
  const foreign =
    (target: string, inner: HttpClient): Fault =>
    async (request, next) => {
      const url = new URL(request.url)
      if (url.host === new URL(target).host) {
        const response = await inner({ ...request, url: `https://${HOST}${url.pathname}${url.search}` })
        return response
      }
      const response = await next(request)
      if (stepOf(request) !== 'POST uploads' || response.status !== 202) return response
      return withHeaders(response, { location: new URL(response.headers['location'] ?? '', target).href })
    }

  it('gets the bytes and no credentials', async () => {
    const registry = pushRegistry(
      { credentials: async () => ({ username: 'u', password: 'p' }) },
      {},
      (handler) => async (request) =>
        request.headers['authorization'] === undefined
          ? refusal(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="r"' })
          : await handler(request),
    )
    const open = pushRegistry()
    let session = ''
    registry.fault = foreign('https://storage.example/', async (request) => {
      const { pathname, search } = new URL(request.url)
      return await open.http({ ...request, url: `https://${HOST}${session}${pathname === session ? '' : ''}${search}` })
    })
    // The other host keeps the same upload in a registry of its own, so that its bytes can be looked at.
    const begun = await open.http({ method: 'POST', url: `https://${HOST}/v2/team/app/blobs/uploads/`, headers: {} })
    session = begun.headers['location'] ?? ''
    expect(await pushAll(registry.repository, LARGE.what, LARGE.bytes)).toBe(1)
    const away = registry.requests.filter(({ url }) => new URL(url).host === 'storage.example')
    expect(away.map(({ method }) => method)).toEqual(['PATCH', 'PUT'])
    expect(away.every(({ headers }) => headers['authorization'] === undefined)).toBe(true)
    expect(await holds(open, LARGE.what)).toBe(true)
  })

  it.each([
    'http://storage.example/',
    'https://127.0.0.1/',
    'https://169.254.169.254/',
    'https://u:p@storage.example/',
  ])('is refused at %s', async (target) => {
    const registry = pushRegistry()
    registry.fault = on('POST uploads', (response) => withHeaders(response, { location: `${target}upload` }))
    expect(await failureFields(pushAll(registry.repository, SMALL.what, SMALL.bytes))).toMatchObject({
      code: 'ERR_URL_REFUSED',
    })
    expect(registry.requests).toHaveLength(1)
  })
})

describe('manifests', () => {
  it('of schema 1 are checked by the digest of the signed bytes', async () => {
    const { configBytes, manifestValue } = await buildImage()
    const { bytes: payload } = encodeSchema1(manifestValue, decodeImageConfig(configBytes), { name: 'app', tag: 'v1' })
    const signed = await signSchema1(payload)
    const registry = pushRegistry()
    const digest = digestOf(payload)
    registry.fault = () =>
      Promise.resolve({ status: 201, headers: { 'docker-content-digest': digest }, body: fromBytes() })
    const what = { mediaType: MEDIA_TYPES.schema1Signed, digest, size: signed.byteLength }
    const commit = async (content: Uint8Array, expected: Descriptor): Promise<string> => {
      await using ingest = await registry.repository.begin(expected.digest)
      await ingest.append(fromBytes(content))
      return await ingest.commit(expected)
    }
    expect(await commit(signed, what)).toBe('committed')
    await registry.repository.tag(what, { ...registry.repository.name, tag: 'v1' })
    expect(registry.steps()).toEqual(['PUT manifests', 'PUT manifests'])
    const altered = encodeText(decodeText(signed).replace('amd64', 'arm64'))
    expect(await failureFields(commit(altered, what))).toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
    expect(await failureFields(commit(concat([signed, signed]), what))).toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
    expect(registry.steps()).toEqual([])
    const { name } = registry.repository
    await registry.repository.putSigned({ ...what, mediaType: MEDIA_TYPES.schema1, size: 1 }, signed, undefined)
    await registry.repository.putSigned(what, signed, { ...name, tag: 'v2' })
    expect(registry.steps()).toEqual(['PUT manifests', 'PUT manifests'])
    expect(await failureFields(registry.repository.putSigned(what, altered, undefined))).toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
    })
  })

  it('are put under a tag in one request, verified', async () => {
    const image = await buildImage({ layers: [[{ path: 'a', content: 'a' }]] })
    const { manifest, manifestBytes } = image
    const registry = pushRegistry()
    const { repository } = registry
    for (const what of [image.manifestValue.config, ...image.manifestValue.layers]) {
      await writeBlob(repository, what, image.blobs.get(what.digest) ?? new Uint8Array())
    }
    registry.steps()
    const name = { domain: HOST, path: 'team/app', tag: 'v1' }
    const other = manifestBytes.slice().fill(32)
    expect(await failureFields(repository.putTagged(manifest, other, name))).toMatchObject({
      code: 'ERR_DIGEST_MISMATCH',
    })
    expect(registry.steps()).toEqual([])
    await repository.putTagged(manifest, manifestBytes, name)
    await repository.tag(manifest, { ...name, tag: 'v2' })
    expect(registry.steps()).toEqual(['PUT manifests', 'PUT manifests'])
    for (const tag of ['v1', 'v2']) expect(await repository.resolve({ ...name, tag })).toEqual({ ...manifest })
    expect(await repository.has(manifest)).toBe(true)
  })

  it('are put by digest and get tags', async () => {
    const image = await buildImage({ layers: [[{ path: 'a', content: 'a' }]] })
    const registry = pushRegistry()
    const { repository } = registry
    const early = await failureFields(writeBlob(repository, image.manifest, image.manifestBytes))
    expect(early).toMatchObject({ code: 'ERR_REGISTRY', codes: ['MANIFEST_BLOB_UNKNOWN'], retryable: false })
    for (const what of [image.manifestValue.config, ...image.manifestValue.layers]) {
      await writeBlob(repository, what, image.blobs.get(what.digest) ?? new Uint8Array())
    }
    registry.steps()
    await writeBlob(repository, image.manifest, image.manifestBytes)
    const name = { domain: HOST, path: 'team/app' }
    await repository.tag(image.manifest, { ...name, tag: 'v1' })
    expect(registry.steps()).toEqual(['PUT manifests', 'PUT manifests'])
    expect(registry.requests.at(-1)?.headers['content-type']).toBe(image.manifest.mediaType)
    expect(await repository.resolve({ ...name, tag: 'v1' })).toEqual({ ...image.manifest })
    // A client that did not push it has to fetch it.
    await registry.client().tag(image.manifest, { ...name, digest: image.manifest.digest })
    expect(registry.steps()).toEqual(['HEAD manifests', 'GET manifests', 'PUT manifests'])
    expect((await repository.resolve({ ...name, tag: 'latest' })).digest).toBe(image.manifest.digest)
    const absent = { ...image.manifest, digest: digestOf('absent') }
    expect(await failureFields(repository.tag(absent, { ...name, tag: 'v1' }))).toMatchObject({
      code: 'ERR_CONTENT_NOT_FOUND',
    })
    await expect(repository.tag(image.manifest, { ...name, path: 'other' })).rejects.toThrow(TypeError)
  })

  it('are refused when another digest is stored', async () => {
    const image = await buildImage({ layers: [] })
    const registry = pushRegistry()
    registry.fault = (request) =>
      request.method === 'PUT'
        ? Promise.resolve(answer(201, { 'docker-content-digest': SMALL.what.digest }))
        : undefined
    const fields = await failureFields(writeBlob(registry.repository, image.manifest, image.manifestBytes))
    expect(fields).toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
  })

  it('of more than 4 MiB are refused', async () => {
    const { repository } = pushRegistry()
    await using ingest = await repository.begin(LARGE.what.digest)
    await ingest.append(chunked(LARGE.bytes))
    const what = { ...LARGE.what, mediaType: 'application/vnd.oci.image.manifest.v1+json' }
    await expect(ingest.commit(what)).rejects.toThrow(RangeError)
  })
})
