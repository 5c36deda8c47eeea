import type { HttpRequest } from '@drayage/content'
import { parseReference, type Reference } from '@drayage/reference'
import { createTransferManager } from '@drayage/transfer'
import { buildImage, buildIndex, type TestIndex } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { copy, type CopyOptions, type DistributionEvent, type LayerState } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { onBlob, refusal, testRegistry, type TestRegistry } from '../test/test-registry.ts'

const from = parseReference('registry.test/repo:v1')
const tagged = (tag: string): Reference => parseReference(`registry.test/team/app:${tag}`)
const LAYER = await noiseLayer(1, 2000)
const retry = { attempts: 5, stepMs: 0 }
const transfers = createTransferManager<LayerState>()

let index: TestIndex
let blobs: number
let source: TestRegistry
let target: TestRegistry

beforeEach(async () => {
  const one = await buildImage({ layers: [LAYER, await noiseLayer(2, 1000)] })
  const other = await buildImage({
    platform: { os: 'linux', architecture: 'arm64' },
    layers: [LAYER, await noiseLayer(3, 1000)],
  })
  index = buildIndex([one, other])
  blobs = index.blobs.size - 3
  source = await testRegistry(['repo', 'v1', index])
  target = await testRegistry(['team/base', 'v1', index])
})

/** Copies as one who knows of the other copies by what they share. */
async function copyAs(tag: string, options: CopyOptions = {}, registry: TestRegistry = source): Promise<void> {
  const to = tagged(tag)
  const places = [registry.client.repository(from), target.client.repository(to)] as const
  await copy(...places, { from, to }, { retry, transfers, ...options })
}

const isLook = ({ method, url }: HttpRequest): boolean => method === 'HEAD' && url.includes('/v2/team/app/blobs/')
const sent = (start: string): string[] => target.requests.filter((request) => request.startsWith(start))

/** Every second look at a blob gets the answer of before the blob came, once it has come. */
function overtakeLooks(): void {
  const arrivals = new Map<string, PromiseWithResolvers<void>>()
  target.fault = (request, next) => {
    const digest = /sha256(?::|%3A)\w+/.exec(request.url)?.[0].replace('%3A', ':') ?? ''
    const first = arrivals.get(digest)
    if (isLook(request)) {
      if (first === undefined) arrivals.set(digest, Promise.withResolvers())
      return next(request).then(async (response) => {
        await first?.promise
        return response
      })
    }
    const isLast = request.method === 'PUT' || request.url.includes('mount=')
    return isLast && first !== undefined ? next(request).finally(() => first.resolve()) : undefined
  }
}

describe('copies side by side into one repository', () => {
  test('send each blob and each manifest of an index once, however their looks are overtaken', async () => {
    overtakeLooks()
    await Promise.all(['v1', 'v2', 'v3'].map((tag) => copyAs(tag)))
    expect(sent('POST')).toHaveLength(blobs)
    const manifests = sent('PUT /v2/team/app/manifests/').map((request) => request.replace(/.*\//, ''))
    const children = index.images.map(({ manifest }) => manifest.digest)
    expect(manifests.toSorted()).toEqual([...children, 'v1', 'v2', 'v3'].toSorted())
    for (const tag of ['v1', 'v2', 'v3']) {
      expect(await target.storage.tags.get('team/app', tag)).toBe(index.manifest.digest)
    }
  })

  test('mount each blob once, and tell so to all', async () => {
    overtakeLooks()
    const base = parseReference('registry.test/team/base')
    const mounted: string[] = []
    const onEvent = (event: DistributionEvent): void => {
      if (event.type === 'layer' && event.layer.state === 'mounted') mounted.push(event.layer.from)
    }
    const options = { onEvent, mountFrom: async () => [base] }
    await Promise.all(['v1', 'v2'].map((tag) => copyAs(tag, options)))
    expect(sent('POST')).toHaveLength(blobs)
    expect(sent('PUT /v2/team/app/blobs/')).toEqual([])
    expect(mounted).toEqual(Array.from({ length: 2 * blobs }, () => 'team/base'))
  })

  test('fail by their own source only', async () => {
    const broken = await testRegistry(['repo', 'v1', index])
    const joined = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    broken.fault = (request) => {
      if (request.method !== 'GET' || !request.url.endsWith(`/blobs/${LAYER.descriptor.digest}`)) return undefined
      begun.resolve()
      return joined.promise.then(() => refusal(403, 'DENIED'))
    }
    const failed = failure(copyAs('v1', {}, broken))
    await begun.promise
    const onEvent = (event: DistributionEvent): void => {
      if (event.type === 'layer' && event.digest === LAYER.descriptor.digest) joined.resolve()
    }
    await copyAs('v2', { onEvent })
    expect(codesOf(await failed)).toContain('ERR_REGISTRY_DENIED')
    expect(await target.storage.tags.get('team/app', 'v2')).toBe(index.manifest.digest)
  })

  test('keep what one brings when the one that began it stops', async () => {
    const joined = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    source.fault = onBlob(LAYER.descriptor, (response) => {
      begun.resolve()
      async function* late(): AsyncGenerator<Uint8Array, void, void> {
        await joined.promise
        yield* response.body
      }
      return { ...response, body: late() }
    })
    const controller = new AbortController()
    const stopped = failure(copyAs('v1', { signal: controller.signal }))
    await begun.promise
    const reason = new Error('enough')
    const onEvent = (event: DistributionEvent): void => {
      if (event.type !== 'layer' || event.digest !== LAYER.descriptor.digest) return
      controller.abort(reason)
      joined.resolve()
    }
    await copyAs('v2', { onEvent })
    expect(await stopped).toBe(reason)
    expect(source.requests.filter((request) => request.endsWith(`/blobs/${LAYER.descriptor.digest}`))).toHaveLength(1)
  })
})
