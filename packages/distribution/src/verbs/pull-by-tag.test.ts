import { createMemoryStore, type HttpRequest } from '@drayage/content'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, type TestImage } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { copy, dockerLine, pull, type DistributionEvent, type PullOptions } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { flipByte, push, refusal, testRegistry, withBody, type TestRegistry } from '../test/test-registry.ts'
import { testStore, visible } from '../test/test-store.ts'

const AMD64 = { os: 'linux', architecture: 'amd64' }
const NAME = 'registry.test/repo:v1'

let image: TestImage
let events: DistributionEvent[]
let options: PullOptions
beforeEach(async () => {
  image = await buildImage({ platform: AMD64, layers: [[{ path: 'a', content: 'a' }]] })
  events = []
  const onEvent = (event: DistributionEvent): void => void events.push(event)
  options = { platform: AMD64, retry: { attempts: 5, stepMs: 0 }, onEvent }
})

const warnings = (): string[] => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))

/** A registry that answers 404 for manifests by these digests. */
function hide(registry: TestRegistry, ...digests: readonly string[]): void {
  const isHidden = ({ url }: HttpRequest): boolean => digests.some((digest) => url.endsWith(`/manifests/${digest}`))
  registry.fault = (request) => (isHidden(request) ? Promise.resolve(refusal(404, 'MANIFEST_UNKNOWN')) : undefined)
}

describe('a registry that gives a manifest by its tag and not by its digest', () => {
  test('is pulled from by the tag, with the warning of Docker Engine', async () => {
    const registry = await testRegistry(['repo', 'v1', image])
    hide(registry, image.manifest.digest)
    const store = testStore()
    const pulled = await pull(registry.client, store, NAME, options)
    expect(pulled).toMatchObject({ digest: image.manifest.digest, image: image.imageId })
    expect(await visible(store.blobs)).toEqual(new Set(image.blobs.keys()))
    const [warning, ...others] = events
      .filter(({ type }) => type === 'warning')
      .map((event) => dockerLine(event).status)
    expect(others).toEqual([])
    expect(warning).toBe(
      'WARNING: ⚠️ Failed to pull manifest by the resolved digest. This registry does not appear to conform to the ' +
        'distribution registry specification; falling back to pull by tag. This fallback is DEPRECATED, and will be ' +
        'removed in a future release. Please contact admins of https://registry.test. ⚠️',
    )
  })

  test('gives an index the same way, whose images come by their digests', async () => {
    const index = buildIndex([image])
    const registry = await testRegistry(['repo', 'v1', index])
    hide(registry, index.manifest.digest)
    expect(await pull(registry.client, testStore(), NAME, options)).toMatchObject({
      digest: index.manifest.digest,
      image: image.imageId,
    })
    expect(warnings()).toHaveLength(1)
  })

  test('is copied from the same way', async () => {
    const index = buildIndex([image])
    const registry = await testRegistry(['repo', 'v1', index])
    hide(registry, index.manifest.digest)
    const sink = createMemoryStore()
    const from = parseReference(NAME)
    const { onEvent, retry } = options
    const copied = await copy(registry.client.repository(from), sink, { from, to: from }, { onEvent, retry })
    expect(copied.digest).toBe(index.manifest.digest)
    expect(await visible(sink)).toEqual(new Set(index.blobs.keys()))
    expect(warnings()).toHaveLength(1)
  })

  test('gives what the tag stands for by then', async () => {
    const registry = await testRegistry(['repo', 'v1', image])
    const other = await buildImage({ layers: [[{ path: 'b' }]] })
    const isByDigest = ({ url }: HttpRequest): boolean => url.endsWith(`/manifests/${image.manifest.digest}`)
    registry.fault = (request) =>
      isByDigest(request)
        ? push(registry.storage, 'repo', 'v1', other).then(() => refusal(404, 'MANIFEST_UNKNOWN'))
        : undefined
    const store = testStore()
    await pull(registry.client, store, NAME, options)
    expect(store.names.get(NAME)?.digest).toBe(other.manifest.digest)
    expect(await visible(store.blobs)).toEqual(new Set(other.blobs.keys()))
    expect(warnings()).toEqual([])
  })

  test('fails where the tag stands for bytes of another digest than it says, and leaves nothing', async () => {
    const registry = await testRegistry(['repo', 'v1', image])
    hide(registry, image.manifest.digest)
    const { fault } = registry
    registry.fault = (request, next) =>
      request.method === 'GET' && request.url.endsWith('/manifests/v1')
        ? next(request).then((response) => withBody(response, (body) => flipByte(body, 5)))
        : fault?.(request, next)
    const store = testStore()
    const error = await failure(pull(registry.client, store, NAME, options))
    expect(codesOf(error)).toContain('ERR_DIGEST_MISMATCH')
    expect(await visible(store.blobs)).toEqual(new Set())
  })

  test('is not asked for a tag when a digest was asked for, nor for an image of an index', async () => {
    const registry = await testRegistry(['repo', 'v1', buildIndex([image])])
    hide(registry, image.manifest.digest)
    for (const name of [`registry.test/repo@${image.manifest.digest}`, NAME]) {
      const error = await failure(pull(registry.client, testStore(), name, options))
      expect(codesOf(error).some((code) => code === 'ERR_CONTENT_NOT_FOUND' || code === 'ERR_NAME_NOT_FOUND')).toBe(
        true,
      )
    }
    expect(warnings()).toEqual([])
  })

  test.each([403, 500])('is not fallen back from when it answers %d, which says something else', async (status) => {
    const registry = await testRegistry(['repo', 'v1', image])
    const isByDigest = ({ url }: HttpRequest): boolean => url.endsWith(`/manifests/${image.manifest.digest}`)
    registry.fault = (request) =>
      isByDigest(request) ? Promise.resolve(refusal(status, status === 403 ? 'DENIED' : 'UNKNOWN')) : undefined
    await failure(pull(registry.client, testStore(), NAME, options))
    expect(warnings()).toEqual([])
  })
})

describe('small content that fails for a moment', () => {
  const waits = (): number[] => events.flatMap((event) => (event.type === 'retrying' ? [event.secondsLeft] : []))
  const PATIENT = { attempts: 5, stepMs: 5000 }

  test.each([
    ['config', () => `/blobs/${image.imageId}`],
    ['manifest', () => `/manifests/${image.manifest.digest}`],
  ])('is asked for again after 250, 500 and 1000 ms: a %s', async (_, urlEnd) => {
    const registry = await testRegistry(['repo', 'v1', image])
    let failures = 3
    registry.fault = ({ method, url }) =>
      method === 'GET' && url.endsWith(urlEnd()) && failures-- > 0
        ? Promise.resolve(refusal(503, 'UNAVAILABLE'))
        : undefined
    await pull(registry.client, testStore(), NAME, { ...options, retry: PATIENT })
    expect(waits()).toEqual([1, 1, 1])
  })

  test('is asked for again as soon when it is copied to a place of content', async () => {
    const registry = await testRegistry(['repo', 'v1', image])
    let failures = 3
    registry.fault = ({ method, url }) =>
      method === 'GET' && url.endsWith(`/blobs/${image.imageId}`) && failures-- > 0
        ? Promise.resolve(refusal(503, 'UNAVAILABLE'))
        : undefined
    const from = parseReference(NAME)
    const { onEvent } = options
    await copy(registry.client.repository(from), createMemoryStore(), { from, to: from }, { onEvent, retry: PATIENT })
    const told = events.flatMap((event) =>
      event.type === 'layer' && event.layer.state === 'retrying' ? [event.layer.secondsLeft] : [],
    )
    expect(told).toEqual([1, 1, 1])
  })

  test('waits as long as the registry asks', async () => {
    const registry = await testRegistry(['repo', 'v1', image])
    let failures = 1
    registry.fault = ({ method, url }) =>
      method === 'GET' && url.endsWith(`/blobs/${image.imageId}`) && failures-- > 0
        ? Promise.resolve(refusal(429, 'TOOMANYREQUESTS', { 'retry-after': '2' }))
        : undefined
    await pull(registry.client, testStore(), NAME, options)
    expect(waits()).toEqual([2, 1])
  })
})
