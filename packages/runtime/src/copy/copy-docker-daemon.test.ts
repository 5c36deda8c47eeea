import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { createDockerArchiveWriter, openDockerArchive, openFileOutput } from '@drayage/archive'
import { fromBytes } from '@drayage/bytes'
import {
  buildImage,
  buildIndex,
  randomBytes,
  tempDir,
  writeOciLayout,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from './copy-images.ts'
import { copyImages } from './copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { planImages } from './plan-images.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startEngine, type TestEngine } from '../test/test-engine.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let engine: TestEngine
  let runtime: Runtime
  let image: TestImage
  let layout: string

  beforeEach(async () => {
    directory = await tempDir()
    engine = await startEngine()
    runtime = await openTestRuntime(directory.path, { env: { DOCKER_HOST: engine.host }, kind })
    image = await buildImage({
      layers: [[{ path: 'a', content: randomBytes(1, 100_000) }], [{ path: 'b', content: 'b' }]],
    })
    layout = path.join(directory.path, 'layout')
    await writeOciLayout(layout, image, '1')
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await engine[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  test('copyImage() loads an image into a Docker Engine under the name that it is given', async () => {
    const { digest } = await copyImage(runtime, `oci:${layout}`, 'docker-daemon:registry.example/team/app')
    expect(digest).toBe(image.manifest.digest)
    expect([...engine.names]).toEqual([['registry.example/team/app:latest', image.imageId]])
  })

  test('copyImage() copies out of a Docker Engine by name, and by ID without a name', async () => {
    await copyImage(runtime, `oci:${layout}`, 'docker-daemon:app:1')
    const archive = engine.archives.get('app:1')
    await copyImage(runtime, 'docker-daemon:app:1', `docker-archive:${directory.path}/named.tar`)
    expect((await readFile(`${directory.path}/named.tar`)).equals(archive ?? Buffer.alloc(0))).toBe(true)
    await copyImage(runtime, `oci:${layout}`, `docker-archive:${directory.path}/nameless.tar`)
    engine.archives.set(image.imageId, await readFile(`${directory.path}/nameless.tar`))
    for (const [number, id] of [image.imageId, image.imageId.slice(7), image.imageId.slice(7, 19)].entries()) {
      const file = `${directory.path}/${number}.tar`
      await copyImage(runtime, `docker-daemon:${id}`, `docker-archive:${file}`)
      await using copied = await openDockerArchive(file)
      expect(copied.images).toMatchObject([{ repoTags: [] }])
      expect((await copied.read({ position: 0, repoTags: [] })).imageId).toBe(image.imageId)
    }
  })

  test('copyImage() from a Docker Engine keeps the manifest that the store has for the image', async () => {
    await copyImage(runtime, `oci:${layout}`, 'store:app:1')
    await copyImage(runtime, 'store:app:1', 'docker-daemon:app:1')
    expect((await copyImage(runtime, 'docker-daemon:app:1', 'store:again')).digest).toBe(image.manifest.digest)
    expect((await inspectImage(runtime, 'again')).Id).toBe(image.imageId)
  })

  test('copyImage() to a Docker Engine takes the image for the platform, and no whole index', async () => {
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const multi = path.join(directory.path, 'multi')
    await writeOciLayout(multi, buildIndex([image, arm]), '1')
    await copyImage({ ...runtime, platform: arm.platform }, `oci:${multi}`, 'docker-daemon:app:arm')
    expect([...engine.names]).toEqual([['app:arm', arm.imageId]])
    await expect(copyImage(runtime, `oci:${multi}`, 'docker-daemon:app:all', { all: true })).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
      place: 'docker-daemon:app:all',
    })
  })

  test('copyImage() refuses an ID as a target, and an image that the engine does not hold', async () => {
    for (const target of [image.imageId, image.imageId.slice(7), `app@${image.manifest.digest}`]) {
      await expect(copyImage(runtime, `oci:${layout}`, `docker-daemon:${target}`)).rejects.toMatchObject({
        code: 'ERR_TRANSPORT',
        place: `docker-daemon:${target}`,
      })
    }
    await expect(copyImage(runtime, 'docker-daemon:app', 'store:app')).rejects.toMatchObject({
      code: 'ERR_DOCKER_NOT_FOUND',
      image: 'app',
    })
  })

  test('copyImages() loads several images at once under their own names, all of them', async () => {
    const other = await buildImage({ layers: [[{ path: 'other', content: 'other' }]] })
    const file = path.join(directory.path, 'two-names.tar')
    {
      const layers = image.layers.map(({ diffId, tar }) => ({ diffId, open: () => fromBytes(tar) }))
      await using archive = createDockerArchiveWriter(await openFileOutput(file))
      await archive.add({ config: image.configBytes, repoTags: ['app:1', 'registry.example/app:stable'], layers })
      await archive.finish()
    }
    await writeOciLayout(path.join(directory.path, 'other'), other, 'other:2')
    const sources = [`docker-archive:${file}`, `oci:${directory.path}/other`]
    const [plan] = await planImages(runtime, sources, 'docker-daemon:')
    expect(plan).toMatchObject({ to: 'docker-daemon:', totals: { rewrite: { count: 2 } } })
    expect(engine.names.size).toBe(0)
    await copyImages(runtime, sources, 'docker-daemon:')
    expect([...engine.names]).toEqual([
      ['app:1', image.imageId],
      ['registry.example/app:stable', image.imageId],
      ['other:2', other.imageId],
    ])
    expect(engine.archives.get('app:1')).toBe(engine.archives.get('other:2'))

    await copyImage(runtime, `docker-archive:${file}`, `docker-archive:${directory.path}/kept.tar`)
    await copyImage(runtime, `docker-archive:${file}:app:1`, `docker-archive:${directory.path}/one.tar`)
    for (const [name, repoTags] of [
      ['kept', ['app:1', 'registry.example/app:stable']],
      ['one', ['app:1']],
    ] as const) {
      await using archive = await openDockerArchive(`${directory.path}/${name}.tar`)
      expect(archive.images).toMatchObject([{ repoTags }])
    }
    await expect(copyImages(runtime, [`oci:${layout}`], 'docker-daemon:')).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
      place: 'docker-daemon:',
    })
  })

  test('copyImage() tells what the engine says of a failed load', async () => {
    engine.refusal = 'no space left on device'
    await expect(copyImage(runtime, `oci:${layout}`, 'docker-daemon:app')).rejects.toMatchObject({
      code: 'ERR_DOCKER_ENGINE',
      reason: 'no space left on device',
    })
    expect(engine.names.size).toBe(0)
  })
})
