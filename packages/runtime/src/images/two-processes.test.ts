import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import { collect, fromBytes, type ByteStream } from '@drayage/bytes'
import { buildImage, buildIndex, buildLayer, randomBytes, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { listImages } from './list-images.ts'
import { pullImage } from './pull-image.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { killChild, runChild } from '../test/run-child.ts'
import { startRegistry } from '../test/test-registry.ts'

test('pulls and removals of images that share layers, in three processes at once, lose nothing', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  const base = await buildLayer([{ path: 'base', content: randomBytes(1, 200_000) }])
  const middle = await buildLayer([{ path: 'middle', content: randomBytes(2, 100_000) }])
  for (let tag = 0; tag < 3; tag++) {
    const own = await buildLayer([{ path: 'own', content: randomBytes(10 + tag, 50_000) }])
    const image = await buildImage({
      layers: tag === 0 ? [base, own] : [base, middle, own],
      config: { author: `${tag}` },
    })
    await registry.push('app', String(tag), image)
  }
  const mark = path.join(directory.path, 'enough')
  const pulling = Promise.all([1, 2].map(() => runChild(directory.path, 'pull', registry.host, '25')))
  const removing = runChild(directory.path, 'remove', registry.host, mark)
  const pulled = await pulling
  await writeFile(mark, '')
  expect(pulled).toEqual([
    { ended: 0, output: '' },
    { ended: 0, output: '' },
  ])
  expect(await removing).toEqual({ ended: 0, output: 'removed some\n' })

  await using runtime = await openTestRuntime(directory.path)
  expect(await findFaults(await runtime.openStore())).toEqual([])
  for (let tag = 0; tag < 3; tag++) await pullImage(runtime, `${registry.host}/app:${tag}`)
  expect(await listImages(runtime)).toHaveLength(3)
  expect(await findFaults(await runtime.openStore())).toEqual([])
})

test('a pull of another platform that is killed leaves what is here, and the next one goes on', async () => {
  await using directory = await tempDir()
  const base = await buildLayer([{ path: 'base', content: randomBytes(1, 100_000) }])
  const [amd64, arm64] = await Promise.all(
    ['amd64', 'arm64'].map(async (architecture) => {
      const own = await buildLayer([{ path: architecture, content: randomBytes(architecture, 3_000_000) }])
      return await buildImage({ layers: [base, own], platform: { os: 'linux', architecture } })
    }),
  )
  if (amd64 === undefined || arm64 === undefined) throw new Error('no images')
  const layer = arm64.layers[1]?.descriptor.digest ?? ''
  const stalled = Promise.withResolvers<void>()
  let isFirst = true
  await using registry = await startRegistry((handler) => async (request) => {
    const response = await handler(request)
    if (!isFirst || request.method !== 'GET' || !request.url.endsWith(layer)) return response
    isFirst = false
    return { ...response, body: halfOf(response.body, stalled.resolve) }
  })
  const index = buildIndex([amd64, arm64], { attested: true })
  const name = await registry.push('app', '1', index)
  await using runtime = await openTestRuntime(directory.path)
  await pullImage(runtime, name)
  const store = await runtime.openStore()
  const before = await store.images.list()
  const killed = await killChild(stalled.promise, directory.path, 'platform', name, 'linux/arm64')
  expect(killed).toEqual({ ended: 'SIGKILL', output: '' })
  expect(await store.images.list()).toEqual(before)
  expect(await findFaults(store)).toEqual([])
  const asked = registry.requests.length
  expect((await pullImage(runtime, name, { platforms: [arm64.platform] })).image).toBe(arm64.imageId)
  const again = registry.requests.slice(asked).filter(({ path: url }) => url.endsWith(layer))
  expect(again.map(({ range }) => range)).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)])
  expect((await listImages(runtime)).map(({ RepoTags }) => RepoTags)).toEqual([[name]])
  expect(await findFaults(store)).toEqual([])
})

/** A body that gives half of its bytes, and then nothing more. */
async function* halfOf(body: ByteStream | undefined, onHalf: () => void): ByteStream {
  const bytes = await collect(body ?? fromBytes(), { maxBytes: 16 * 1024 * 1024 })
  yield bytes.slice(0, bytes.byteLength / 2)
  // The client has to have it before it is killed.
  setTimeout(onHalf, 500)
  await new Promise(() => {})
}

test('a pull that is aborted while its runtime is disposed ends cleanly', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  const layers = [1, 2, 3, 4].map((seed) => [{ path: 'x', content: randomBytes(seed, 8 * 1024 * 1024) }])
  const name = await registry.push('app', '1', await buildImage({ layers }))
  expect(await runChild(directory.path, 'abort', name)).toEqual({ ended: 0, output: 'pull: Error: stopped\n' })
})
