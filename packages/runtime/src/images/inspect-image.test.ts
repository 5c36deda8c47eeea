import { buildImage, buildLayer, tempDir } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { imageHistory } from './image-history.ts'
import { inspectImage } from './inspect-image.ts'
import { listImages } from './list-images.ts'
import { pullImage } from './pull-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

/** The start of the year 1 in seconds since 1970, as Docker Engine lists a time that is not known. */
const YEAR_1 = -62_135_596_800
const NO_TIME = '0001-01-01T00:00:00Z'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  const created = '2024-05-06T07:08:09.123Z'

  test('inspectImage(), imageHistory() and listImages() give the shapes of Docker Engine', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
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
        ...{ Id: image.imageId, Created: YEAR_1, CreatedBy: 'ADD two', Tags: [name] },
        ...{ Size: two.tar.byteLength, Comment: 'last' },
      },
      { ...missing, Created: seconds, CreatedBy: 'ENV A=b', Size: 0 },
      { ...missing, Created: seconds, CreatedBy: 'ADD one', Size: one.tar.byteLength },
    ])
    expect(await listImages(runtime)).toEqual([
      {
        ...{ Id: image.imageId, ParentId: '', RepoTags: inspected.RepoTags, RepoDigests: inspected.RepoDigests },
        ...{ Created: seconds, Size: inspected.Size, SharedSize: -1, Labels: { a: 'b' }, Containers: -1 },
        Descriptor: image.manifest,
        Targets: [image.manifest],
        Platforms: ['linux/amd64'],
      },
    ])
  })

  test.each([
    ['', NO_TIME, YEAR_1],
    [NO_TIME, NO_TIME, YEAR_1],
    ['yesterday', NO_TIME, YEAR_1],
    ['1', NO_TIME, YEAR_1],
    ['2024-02-03', NO_TIME, YEAR_1],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z', 0],
    ['1960-01-01T00:00:00Z', '1960-01-01T00:00:00Z', -315_619_200],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59.5Z', -1],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999999999Z', 253_402_300_799],
    ['2024-05-06T07:08:09.123456789+02:00', '2024-05-06T07:08:09.123456789+02:00', 1_714_972_089],
  ])('an image that says that it was created at %j has the times of Docker Engine', async (told, shown, seconds) => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const image = await buildImage({ config: { created: told, history: [{ created: told, created_by: 'a' }] } })
    await pullImage(runtime, await registry.push('app', '1', image))
    expect((await inspectImage(runtime, image.imageId)).Created).toBe(shown)
    expect((await listImages(runtime))[0]?.Created).toBe(seconds)
    expect((await imageHistory(runtime, image.imageId))[0]?.Created).toBe(seconds)
  })

  test('listImages() puts images of unknown age last, and before the earliest of others', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
    const times = [NO_TIME, '1960-01-01T00:00:00Z', '2024-01-01T00:00:00Z']
    const names: string[] = []
    for (const [at, time] of times.entries()) {
      const name = await registry.push('app', String(at), await buildImage({ config: { created: time } }))
      await pullImage(runtime, name)
      names.push(name)
    }
    const [unknown = '', old = '', young = ''] = names
    const listed = async (filters: readonly string[] = []): Promise<readonly string[]> =>
      (await listImages(runtime, { filters })).flatMap(({ RepoTags }) => RepoTags)
    expect(await listed()).toEqual([young, old, unknown])
    expect(await listed([`before=${old}`])).toEqual([unknown])
    expect(await listed([`since=${unknown}`])).toEqual([young, old])
  })

  test('inspectImage() omits a missing config and tag time', async () => {
    await using directory = await tempDir()
    await using registry = await startRegistry()
    await using runtime = await openTestRuntime(directory.path, { kind })
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
    expect((await listImages(runtime))[0]?.Created).toBe(YEAR_1)
    await expect(inspectImage(runtime, 'none')).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
  })
})
