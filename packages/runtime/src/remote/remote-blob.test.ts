import { collect } from '@drayage/bytes'
import { parseReference } from '@drayage/reference'
import { buildImage, randomBytes, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { remoteBlob } from './remote-blob.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'

test.each([true, false])('remoteBlob() gives verified bytes, with an announced length: %s', async (isAnnounced) => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  let flip = false
  const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 100_000) }]] })
  const [layer] = image.layers
  if (layer === undefined) throw new Error('An image without layers')
  const { descriptor, bytes } = layer
  await using registry = await startRegistry((handler) => async (request) => {
    const response = await handler(request)
    if (request.method !== 'GET' || !request.url.endsWith(descriptor.digest)) return response
    const { 'content-length': length, ...headers } = response.headers
    const sent = flip ? bytes.map((byte, at) => (at === 5_000 ? byte ^ 1 : byte)) : bytes
    return {
      status: response.status,
      headers: isAnnounced ? { ...headers, 'content-length': length ?? '' } : headers,
      body: (async function* () {
        yield sent
      })(),
    }
  })
  const repository = parseReference(await registry.push('app', '1', image))
  const read = (): Promise<Uint8Array> =>
    collect(remoteBlob(runtime, repository, descriptor.digest), { maxBytes: 1_000_000 })
  expect(await read()).toEqual(bytes)
  flip = true
  await expect(read()).rejects.toMatchObject({ code: 'ERR_TRANSFER', cause: { code: 'ERR_DIGEST_MISMATCH' } })
})
