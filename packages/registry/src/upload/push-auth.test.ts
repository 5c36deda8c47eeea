import { setTimeout as sleep } from 'node:timers/promises'

import { tokenAuth } from '@drayage/registry-server'
import { describe, expect, it } from 'vitest'

import { failureFields, refusal } from '../test/image-registry.ts'
import {
  blobOf,
  chunked,
  HOST,
  holds,
  pushAll,
  pushRegistry,
  stepOf,
  type PushRegistry,
} from '../test/push-registry.ts'

const LARGE = blobOf(2, 6_000_000)
const LIFE_MS = 5_000

interface Guarded {
  readonly registry: PushRegistry
  /** Lets all tokens expire for the registry; the client's clock stands still. */
  expire(): void
}

function guarded(chunkBytes?: number): Guarded {
  let now = 0
  const auth = tokenAuth({
    users: new Map([['u', 'p']]),
    lifeMs: LIFE_MS,
    now: () => now,
    realm: `https://${HOST}/token`,
  })
  const credentials = async () => ({ username: 'u', password: 'p' })
  const registry = pushRegistry({ credentials, ...(chunkBytes !== undefined && { chunkBytes }) }, {}, auth)
  return { registry, expire: () => void (now += LIFE_MS + 1) }
}

describe('a token that expires', () => {
  it('before the last PUT is renewed, and no byte is sent again', async () => {
    const { registry, expire } = guarded()
    await using ingest = await registry.repository.begin(LARGE.what.digest)
    await ingest.append(chunked(LARGE.bytes))
    registry.steps()
    expire()
    expect(await ingest.commit(LARGE.what)).toBe('committed')
    expect(registry.steps()).toEqual(['PUT upload', 'GET token', 'PUT upload'])
    expect(await holds(registry, LARGE.what)).toBe(true)
  })

  it('before each chunk is renewed, and the chunk sent again from memory', async () => {
    const { registry, expire } = guarded(1_000_000)
    await using ingest = await registry.repository.begin(LARGE.what.digest)
    let isExpired = false
    registry.fault = (request, next) => {
      const isFourth = (request.headers['content-range'] ?? '').startsWith('3000000-')
      if (isFourth && !isExpired) expire()
      isExpired ||= isFourth
      return next(request)
    }
    await ingest.append(chunked(LARGE.bytes))
    expect(await ingest.commit(LARGE.what)).toBe('committed')
    expect(registry.steps().filter((step) => step === 'PATCH upload')).toHaveLength(7)
    expect(await holds(registry, LARGE.what)).toBe(true)
  })

  it('during a stream makes the upload continue with another request', async () => {
    const { registry, expire } = guarded()
    let isExpired = false
    registry.fault = (request, next) => {
      if (stepOf(request) === 'PATCH upload' && !isExpired) {
        isExpired = true
        expire()
      }
      return next(request)
    }
    await using ingest = await registry.repository.begin(LARGE.what.digest)
    const fields = await failureFields(ingest.append(chunked(LARGE.bytes)))
    expect(fields).toMatchObject({ code: 'ERR_REGISTRY_UPLOAD', reason: 'unauthorized', retryable: true })
    await ingest.append(chunked(LARGE.bytes, ingest.offset))
    expect(await ingest.commit(LARGE.what)).toBe('committed')
    expect(await holds(registry, LARGE.what)).toBe(true)
  })

  it('is noticed before a later stream begins', async () => {
    const { registry, expire } = guarded()
    await using ingest = await registry.repository.begin(LARGE.what.digest)
    await ingest.append(chunked(LARGE.bytes.subarray(0, 5_000_000)))
    expire()
    // The word of the registry that the upload stands where it stands is good for a second.
    await sleep(1_050)
    await ingest.append(chunked(LARGE.bytes, 5_000_000))
    expect(await ingest.commit(LARGE.what)).toBe('committed')
  })
})

describe('a user who may not push', () => {
  it('gets an error before anything is sent', async () => {
    const registry = pushRegistry(
      { credentials: async () => ({ username: 'u', password: 'wrong' }) },
      {},
      () => async () => refusal(403, 'DENIED'),
    )
    const fields = await failureFields(pushAll(registry.repository, LARGE.what, LARGE.bytes))
    expect(fields).toMatchObject({ code: 'ERR_REGISTRY_DENIED', codes: ['DENIED'], retryable: false })
    expect(registry.steps()).toEqual(['POST uploads'])
  })
})

describe('scopes', () => {
  it('of an upload are those of the push, also at a Location outside the API', async () => {
    const { registry } = guarded()
    registry.fault = (request, next) => {
      const url = new URL(request.url)
      const isOdd = url.pathname.startsWith('/store')
      const path = isOdd ? url.pathname.slice('/store'.length) : url.pathname
      return next({ ...request, url: `https://${HOST}${path}${url.search}` }).then((response) => {
        const location = response.headers['location']
        const isUpload = response.status === 202 && location !== undefined
        return isUpload ? { ...response, headers: { ...response.headers, location: `/store${location}` } } : response
      })
    }
    await pushAll(registry.repository, LARGE.what, LARGE.bytes)
    const tokens = registry.requests.filter((request) => stepOf(request) === 'GET token').map(({ url }) => new URL(url))
    expect(tokens.map((url) => url.searchParams.getAll('scope'))).toEqual([['repository:team/app:pull,push']])
    expect(await holds(registry, LARGE.what)).toBe(true)
  })
})
