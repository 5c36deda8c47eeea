import { buildImage, buildLayer, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { imageHistory } from './image-history.ts'
import { inspectImage } from './inspect-image.ts'
import { listImages } from './list-images.ts'
import { pullImage } from './pull-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'

const created = '2024-05-06T07:08:09.123Z'

test('inspectImage(), imageHistory() and listImages() give the shapes of Docker Engine', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  await using runtime = await openTestRuntime(directory.path)
  const one = await buildLayer([{ path: 'one', content: 'x'.repeat(3000) }])
  const two = await buildLayer([{ path: 'two', content: 'y' }])
  const history = [
    { created, created_by: 'ADD one' },
    { created, created_by: 'ENV A=b', empty_layer: true },
    { created_by: 'ADD two', comment: 'last' },
  ]
  const config = { Cmd: ['/two'], Env: ['A=b'], Labels: { a: 'b' } }
  const image = await buildImage({ layers: [one, two], config: { created, author: 'me', config, history } })
  const name = await registry.push('app', '1', image)
  const before = Date.now()
  await pullImage(runtime, name)

  const inspected = await inspectImage(runtime, name)
  expect(inspected).toEqual({
    Id: image.imageId,
    RepoTags: [name],
    RepoDigests: [`${registry.host}/app@${image.manifest.digest}`],
    Parent: '',
    Comment: 'last',
    Created: created,
    DockerVersion: '',
    Author: 'me',
    Config: {
      ...{ User: '', Env: ['A=b'], Cmd: ['/two'], Volumes: null, WorkingDir: '' },
      ...{ Entrypoint: null, OnBuild: null, Labels: { a: 'b' } },
    },
    Architecture: 'amd64',
    Os: 'linux',
    Size: one.tar.byteLength + two.tar.byteLength,
    RootFS: { Type: 'layers', Layers: [one.diffId, two.diffId] },
    Metadata: { LastTagTime: expect.any(String) },
    Descriptor: image.manifest,
  })
  expect(Date.parse(inspected.Metadata.LastTagTime)).toBeGreaterThanOrEqual(before)

  const seconds = Math.floor(Date.parse(created) / 1000)
  const missing = { Id: '<missing>', Tags: null, Comment: '' }
  expect(await imageHistory(runtime, name)).toEqual([
    {
      ...{ Id: image.imageId, Created: 0, CreatedBy: 'ADD two', Tags: [name] },
      ...{ Size: two.tar.byteLength, Comment: 'last' },
    },
    { ...missing, Created: seconds, CreatedBy: 'ENV A=b', Size: 0 },
    { ...missing, Created: seconds, CreatedBy: 'ADD one', Size: one.tar.byteLength },
  ])
  expect(await listImages(runtime)).toEqual([
    {
      ...{ Id: image.imageId, ParentId: '', RepoTags: inspected.RepoTags, RepoDigests: inspected.RepoDigests },
      ...{ Created: seconds, Size: inspected.Size, SharedSize: -1, Labels: { a: 'b' }, Containers: -1 },
    },
  ])
})

test('inspectImage() shows no config and no tag time where there is none', async () => {
  await using directory = await tempDir()
  await using registry = await startRegistry()
  await using runtime = await openTestRuntime(directory.path)
  const bytes = await buildImage({ config: { created: 'never' } })
  await pullImage(runtime, await registry.push('app', '1', bytes))
  const { images } = await runtime.openStore()
  for (const { name } of await images.listNames()) await images.untag(name)
  expect(await inspectImage(runtime, bytes.imageId)).toMatchObject({
    RepoTags: [],
    RepoDigests: [],
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
  })
  expect((await imageHistory(runtime, bytes.imageId))[0]?.Tags).toBeNull()
  expect((await listImages(runtime))[0]?.Created).toBe(0)
  await expect(inspectImage(runtime, 'none')).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
})
