import type { HttpResponse } from '@drayage/content'
import { buildImage } from '@drayage/testkit'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { failureFields, refusal } from '../test/image-registry.ts'
import {
  blobOf,
  chunked,
  HOST,
  holds,
  pushAll,
  pushRegistry,
  resetAfter,
  stepOf,
  type PushRegistry,
} from '../test/push-registry.ts'
import { createMemorySessions } from './session-store.ts'

const { what, bytes } = blobOf(1, 300_000)
const BASE = { domain: HOST, path: 'team/base' }

async function withBase(): Promise<PushRegistry> {
  const registry = pushRegistry()
  await pushAll(createRegistryClient({ http: registry.http }).repository(BASE), what, bytes)
  registry.steps()
  return registry
}

describe('mount()', () => {
  it('takes a blob from another repository', async () => {
    const registry = await withBase()
    expect(await registry.repository.mount(what, BASE)).toBe(true)
    expect(registry.steps()).toEqual(['POST uploads'])
    const { searchParams } = new URL(registry.requests.at(-1)?.url ?? '')
    expect(Object.fromEntries(searchParams)).toEqual({ mount: what.digest, from: 'team/base' })
    expect(await holds(registry, what)).toBe(true)
  })

  it('uses the upload that is opened instead of a mount', async () => {
    const registry = await withBase()
    expect(await registry.repository.mount(what, { ...BASE, path: 'team/other' })).toBe(false)
    expect(await pushAll(registry.repository, what, bytes)).toBe(1)
    expect(registry.steps()).toEqual(['POST uploads', 'PUT upload'])
    expect(await holds(registry, what)).toBe(true)
  })

  it('continues an interrupted upload, and cancels the one of the mount', async () => {
    const large = blobOf(2, 6_000_000)
    const registry = pushRegistry()
    registry.fault = (request, next) => (request.method === 'PATCH' ? resetAfter(request, next, 5_000_000) : undefined)
    await expect(pushAll(registry.repository, large.what, large.bytes, { attempts: 1 })).rejects.toThrow('Cannot PATCH')
    registry.fault = undefined
    registry.steps()
    expect(await registry.repository.mount(large.what, BASE)).toBe(false)
    await using ingest = await registry.repository.begin(large.what.digest)
    expect(ingest.offset).toBe(5_000_000)
    expect(registry.steps()).toEqual(['POST uploads', 'GET upload', 'DELETE upload'])
    await ingest.append(chunked(large.bytes, ingest.offset))
    expect(await ingest.commit(large.what)).toBe('committed')
  })

  it('keeps the upload of a mount for a later process once it is begun', async () => {
    const uploadSessions = createMemorySessions()
    const registry = pushRegistry({ uploadSessions })
    expect(await registry.repository.mount(what, BASE)).toBe(false)
    const key = `${HOST}/team/app@${what.digest}`
    expect(await uploadSessions.load(key)).toBeUndefined()
    await using ingest = await registry.repository.begin(what.digest)
    expect(await uploadSessions.load(key)).toBe(ingest.session)
  })

  it.each([400, 401, 403, 404, 405, 501])('takes %d for a no', async (status) => {
    const registry = await withBase()
    registry.fault = (request): Promise<HttpResponse> | undefined =>
      request.url.includes('mount=') ? Promise.resolve(refusal(status, 'DENIED')) : undefined
    expect(await registry.repository.mount(what, BASE)).toBe(false)
    expect(await pushAll(registry.repository, what, bytes)).toBe(1)
    expect(await holds(registry, what)).toBe(true)
  })

  it('treats the refusal of a token as a declined mount', async () => {
    const registry = pushRegistry()
    registry.fault = (request) => {
      if (stepOf(request) === 'GET token') return Promise.resolve(refusal(403, 'DENIED'))
      const challenge = { 'www-authenticate': `Bearer realm="https://${HOST}/token"` }
      return Promise.resolve(refusal(401, 'UNAUTHORIZED', challenge))
    }
    expect(await registry.repository.mount(what, BASE)).toBe(false)
  })

  it('leaves other failures to the caller', async () => {
    const registry = await withBase()
    registry.fault = () => Promise.resolve(refusal(503, 'UNAVAILABLE'))
    expect(await failureFields(registry.repository.mount(what, BASE))).toMatchObject({ status: 503, retryable: true })
  })

  it('sends nothing for content that cannot be mounted', async () => {
    const registry = await withBase()
    const { manifest } = await buildImage({ layers: [] })
    expect(await registry.repository.mount(what, { domain: 'other.example', path: 'team/base' })).toBe(false)
    expect(await registry.repository.mount(what, { domain: HOST, path: 'team/app' })).toBe(false)
    expect(await registry.repository.mount(manifest, BASE)).toBe(false)
    expect(registry.steps()).toEqual([])
  })
})
