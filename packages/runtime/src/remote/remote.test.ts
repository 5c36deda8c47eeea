import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, tempDir, type TestIndex } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { remoteConfig, remoteManifest } from './remote.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'

test('remoteManifest() and remoteConfig() look without pulling', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  await using runtime = await openTestRuntime(directory.path)
  const image = await buildImage()
  const index = buildIndex([image])
  const name = parseReference(await registry.push('app', '1', index))
  expect((await remoteManifest(runtime, name)).descriptor.digest).toBe(index.manifest.digest)
  const chosen = await remoteManifest(runtime, name, { selectPlatform: true })
  expect(chosen.descriptor.digest).toBe(image.manifest.digest)
  expect((await remoteConfig(runtime, name)).descriptor.digest).toBe(image.config.digest)
  await using other = await openTestRuntime(directory.path, { platform: { os: 'linux', architecture: 's390x' } })
  await expect(remoteConfig(other, name)).rejects.toMatchObject({ code: 'ERR_PLATFORM_NOT_FOUND' })
  await expect(remoteManifest(runtime, parseReference(`${registry.host}/none:1`))).rejects.toMatchObject({
    code: 'ERR_NAME_NOT_FOUND',
  })
})

test('remoteManifest() looks into nested indexes, and lists all platforms', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  await using runtime = await openTestRuntime(directory.path)
  const image = await buildImage()
  const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
  const plain = (one: TestIndex): TestIndex => {
    const { mediaType, digest, size } = one.manifest
    return { ...one, manifest: { mediaType, digest, size } }
  }
  const name = parseReference(
    await registry.push('app', '1', buildIndex([plain(buildIndex([arm])), plain(buildIndex([image]))])),
  )
  const chosen = await remoteManifest(runtime, name, { selectPlatform: true })
  expect(chosen.descriptor.digest).toBe(image.manifest.digest)
  await using other = await openTestRuntime(directory.path, { platform: { os: 'linux', architecture: 's390x' } })
  await expect(remoteManifest(other, name, { selectPlatform: true })).rejects.toMatchObject({
    code: 'ERR_PLATFORM_NOT_FOUND',
    message: expect.stringMatching(/linux\/arm64.*linux\/amd64/),
  })
})
