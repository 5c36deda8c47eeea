import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import { buildImage, buildLayer, randomBytes, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { listImages } from './list-images.ts'
import { pullImage } from './pull-image.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { runChild } from '../test/run-child.ts'
import { startRegistry } from '../test/test-registry.ts'

test('pulls and removals of images that share layers, in three processes at once, lose nothing (F27, I1, I2)', async () => {
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

test('a pull that is aborted while its runtime is disposed ends cleanly', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  const layers = [1, 2, 3, 4].map((seed) => [{ path: 'x', content: randomBytes(seed, 8 * 1024 * 1024) }])
  const name = await registry.push('app', '1', await buildImage({ layers }))
  expect(await runChild(directory.path, 'abort', name)).toEqual({ ended: 0, output: 'pull: Error: stopped\n' })
})
