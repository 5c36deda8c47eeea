import { parseReference } from '@drayage/reference'
import { buildImage, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { deleteRemote } from './delete-remote.ts'
import { openRemote } from './remote.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'

test('deleteRemote() deletes a tag alone, and by digest the manifest', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  await using registry = await startRegistry()
  const image = await buildImage()
  const reference = parseReference(await registry.push('app', '1', image))
  expect(await deleteRemote(runtime, reference)).toEqual({ kind: 'tag', reference })
  const remote = openRemote(runtime, reference)
  expect(await remote.has(image.manifest)).toBe(true)
  await expect(deleteRemote(runtime, reference)).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  const byDigest = parseReference(`${registry.host}/app@${image.manifest.digest}`)
  expect(await deleteRemote(runtime, byDigest)).toMatchObject({ kind: 'manifest', digest: image.manifest.digest })
  expect(await remote.has(image.manifest)).toBe(false)
})

test('deleteRemote() refuses where more would go than was named, unless forced', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  await using registry = await startRegistry((handler) => async (request) => {
    const isTag = request.method === 'DELETE' && !request.url.includes('/sha256:')
    return isTag ? { status: 405, headers: {}, body: (async function* () {})() } : await handler(request)
  })
  const image = await buildImage()
  await registry.push('app', '2', image)
  const reference = parseReference(await registry.push('app', '1', image))
  const refused = { code: 'ERR_REMOTE_DELETE', cause: { code: 'ERR_REGISTRY_UNSUPPORTED' } }
  await expect(deleteRemote(runtime, reference)).rejects.toMatchObject(refused)
  const absent = parseReference(`${registry.host}/app:absent`)
  await expect(deleteRemote(runtime, absent)).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  const remote = openRemote(runtime, reference)
  expect(await remote.has(image.manifest)).toBe(true)
  const deleted = { kind: 'manifest', digest: image.manifest.digest }
  expect(await deleteRemote(runtime, reference, { force: true })).toMatchObject(deleted)
  expect(await remote.has(image.manifest)).toBe(false)
  for (const text of ['app', `app:1@${image.manifest.digest}`]) {
    await expect(deleteRemote(runtime, parseReference(`${registry.host}/${text}`))).rejects.toMatchObject({
      code: 'ERR_REMOTE_DELETE',
    })
  }
})
