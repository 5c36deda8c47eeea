import type { HttpClient } from '@drayage/content'
import { buildImage, randomBytes, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { copyImage } from './copy-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'

test('copies to registries share the limit of uploads', async () => {
  let open = 0
  let most = 0
  const counting =
    (handler: HttpClient): HttpClient =>
    async (request) => {
      const isUpload = request.url.includes('/blobs/uploads/')
      if (isUpload && request.method === 'POST') most = Math.max(most, ++open)
      const response = await handler(request)
      if (isUpload && request.method === 'PUT') open--
      return response
    }
  await using directory = await tempDir()
  await using source = await startRegistry()
  await using target = await startRegistry(counting)
  await using runtime = await openTestRuntime(directory.path, { maxConcurrentUploads: 2 })
  const layers = [1, 2, 3, 4].map((seed) => [{ path: 'a', content: randomBytes(seed, 50_000) }])
  const name = await source.push('app', '1', await buildImage({ layers }))
  await Promise.all(
    ['a', 'b'].map((each) => copyImage(runtime, `docker://${name}`, `docker://${target.host}/${each}:1`)),
  )
  expect([most, open]).toEqual([2, 0])
})
