import { createMemoryStore, writeBlob } from '@drayage/content'
import { parseReference, parseRepository } from '@drayage/reference'
import { buildImage, buildIndex, type TestImage, type TestIndex } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import { copy, planCopy, type CopyOptions, type CopyPlan, type PlannedAction } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { noiseLayer } from '../test/noise.ts'
import { push, refusal, testRegistry, type TestRegistry } from '../test/test-registry.ts'
import { storeOf } from '../test/test-store.ts'

const from = parseReference('registry.test/repo:v1')
const to = parseReference('registry.test/team/app:v2')
const retry = { attempts: 5, stepMs: 0 }

let images: readonly TestImage[]
let index: TestIndex
let registry: TestRegistry

beforeEach(async () => {
  const shared = await noiseLayer(1, 5000)
  images = [
    await buildImage({ layers: [shared, await noiseLayer(2, 300)] }),
    await buildImage({ layers: [shared], platform: { os: 'linux', architecture: 'arm64' } }),
  ]
  index = buildIndex(images)
  registry = await testRegistry(['repo', 'v1', index])
})

const planned = (options: CopyOptions = {}): Promise<CopyPlan> => {
  const source = registry.client.repository(from)
  return planCopy(source, registry.client.repository(to), { from, to }, { retry, ...options })
}

const actions = ({ content }: CopyPlan): Record<string, PlannedAction> =>
  Object.fromEntries(content.map(({ digest, action }) => [digest, action]))

const all = (action: PlannedAction, plan: CopyPlan): Record<string, PlannedAction> =>
  Object.fromEntries(plan.content.map(({ digest }) => [digest, action]))

describe('planCopy()', () => {
  test('lists each piece once, in the order of a copy, and asks without writing', async () => {
    const plan = await planned()
    expect(plan).toMatchObject({ from: 'registry.test/repo:v1', to: 'registry.test/team/app:v2', tags: [] })
    expect(plan.root.digest).toBe(index.manifest.digest)
    expect(plan.content.map(({ digest }) => digest).toSorted()).toEqual([...index.blobs.keys()].toSorted())
    expect(plan.content.at(-1)).toEqual({ kind: 'manifest', action: 'copy', ...index.manifest })
    expect(actions(plan)).toEqual(all('copy', plan))
    const bytes = [...index.blobs.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)
    const none = { count: 0, bytes: 0 }
    expect(plan.totals).toEqual({ exists: none, mount: none, rewrite: none, copy: { count: index.blobs.size, bytes } })
    expect(registry.requests.filter((line) => !/^(GET|HEAD) /.test(line))).toEqual([])
    const asked = registry.requests.filter((line) => line.includes('/team/app/'))
    expect(asked).toHaveLength(index.blobs.size)
    expect(registry.requests.filter((line) => line.includes('/repo/blobs/'))).toEqual([])
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  })

  test('tells what is there, what would be mounted, and what would be made', async () => {
    await push(registry.storage, 'team/app', 'old', images[1] ?? (await buildImage()))
    const [first] = images
    const subset = { platforms: images.map(({ platform }) => platform), index: 'rewrite' } as const
    const mountFrom = async () => [parseRepository('registry.test/repo')]
    const third = await buildImage({ platform: { os: 'linux', architecture: 's390x' } })
    registry = await testRegistry(
      ['repo', 'v1', buildIndex([...images, third])],
      ['team/app', 'old', images[1] ?? third],
    )
    const plan = await planned({ subset, mountFrom })
    const expected: Record<string, PlannedAction> = {
      ...all('mount', plan),
      [first?.manifest.digest ?? '']: 'copy',
      [plan.root.digest]: 'rewrite',
    }
    for (const digest of images[1]?.blobs.keys() ?? []) expected[digest] = 'exists'
    expect(actions(plan)).toEqual(expected)
    const mounts = plan.content.filter(({ action }) => action === 'mount')
    expect(mounts.map((each) => each.from)).toEqual(mounts.map(() => 'repo'))
    expect(registry.requests.filter((line) => !/^(GET|HEAD) /.test(line))).toEqual([])
  })

  test('lists referrers and tags that are copied too', async () => {
    const bill = await buildImage({
      config: { author: 'b' },
      manifest: { subject: index.manifest, artifactType: 'bill' },
    })
    await push(registry.storage, 'repo', 'none', bill)
    await registry.storage.referrers.add('repo', index.manifest.digest, bill.manifest)
    const tag = `${index.manifest.digest.replace(':', '-')}.sig`
    await push(registry.storage, 'repo', tag, await buildImage({ config: { author: 's' } }))
    const plan = await planned({ referrers: { repository: from } })
    expect(plan.content.filter(({ subject }) => subject !== undefined)).toEqual([
      { kind: 'manifest', action: 'copy', subject: index.manifest.digest, ...bill.manifest },
    ])
    expect(plan.tags).toEqual([tag])
  })

  test('is what the copy then does', async () => {
    const sink = createMemoryStore()
    const [, second] = images
    for (const [digest, bytes] of second?.blobs ?? []) {
      await writeBlob(sink, { mediaType: 'x', digest, size: bytes.byteLength }, bytes)
    }
    const source = await storeOf(index)
    const plan = await planCopy(source, sink, { from: index.manifest, to })
    const before = new Set((await Array.fromAsync(sink.list())).map(({ digest }) => digest))
    await copy(source, sink, { from: index.manifest, to })
    const after = (await Array.fromAsync(sink.list())).map(({ digest }) => digest).filter((each) => !before.has(each))
    const copied = plan.content.filter(({ action }) => action === 'copy').map(({ digest }) => digest)
    expect(copied.toSorted()).toEqual(after.toSorted())
    expect((await planCopy(source, sink, { from: index.manifest, to })).totals.copy.count).toBe(0)
  })

  test('tries again, and tells which side fails', async () => {
    let failures = 1
    registry.fault = (request) =>
      request.method === 'HEAD' && request.url.includes('/team/app/') && failures-- > 0
        ? Promise.resolve(refusal(503, 'UNAVAILABLE'))
        : undefined
    expect((await planned()).totals.copy.count).toBe(index.blobs.size)
    registry.fault = (request) =>
      request.url.includes('/team/app/') ? Promise.resolve(refusal(400, 'NAME_INVALID')) : undefined
    const error = await failure(planned())
    expect(error).toMatchObject({ side: 'sink', operation: 'store' })
    expect(codesOf(error)).toEqual(['ERR_TRANSFER', 'ERR_REGISTRY'])
  })
})
