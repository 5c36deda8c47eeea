import path from 'node:path'

import {
  buildImage,
  buildIndex,
  randomBytes,
  runOk,
  startDockerd,
  tempDir,
  writeOciLayout,
  type Dockerd,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startDray, type Finished } from './dray.ts'
import { havePeers } from './peer.ts'

const here = havePeers('dockerd', 'docker', 'skopeo')

describe.skipIf(!here)('docker-daemon: with dockerd', () => {
  let work: TempDir
  let daemon: Dockerd
  let image: TestImage

  beforeAll(async () => {
    work = await tempDir()
    daemon = await startDockerd({ directory: work.path })
    image = await buildImage({
      layers: [[{ path: 'random', content: randomBytes(1, 3_000_000) }], [{ path: 'b', content: 'b' }]],
    })
  })
  afterAll(async () => {
    await daemon?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  const copy = (...args: readonly string[]): Promise<Finished> => {
    const env = { ...process.env, DOCKER_HOST: `unix://${daemon.socket}` }
    return startDray(path.join(work.path, 'store'), ['copy', '-q', ...args], env).finished
  }
  const copyOk = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await copy(...args)
    expect([code, stderr]).toEqual([0, ''])
    return stdout.trim()
  }
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await daemon.docker(args)
    expect([code, stderr]).toEqual([0, ''])
    return stdout.trim()
  }
  const layoutOf = async (name: string, what: Parameters<typeof writeOciLayout>[1]): Promise<string> => {
    const layout = path.join(work.path, name)
    await writeOciLayout(layout, what, '1')
    return layout
  }

  test('loads an image under its name, with its ID', async () => {
    const layout = await layoutOf('image', image)
    expect(await copyOk(`oci:${layout}`, 'docker-daemon:team/app')).toBe(image.manifest.digest)
    expect(await docker('inspect', '-f', '{{.Id}} {{json .RepoTags}}', 'team/app:latest')).toBe(
      `${image.imageId} ["team/app:latest"]`,
    )
    await copyOk(`oci:${layout}`, 'docker-daemon:registry.example/app:2')
    expect(await docker('inspect', '-f', '{{json .RepoTags}}', image.imageId)).toMatch('registry.example/app:2')
  })

  test('saves by name with the name, and by ID without one', async () => {
    const named = path.join(work.path, 'named.tar')
    await copyOk('docker-daemon:team/app', `docker-archive:${named}`)
    const names = async (file: string): Promise<unknown> =>
      JSON.parse((await runOk('tar', ['-xOf', file, 'manifest.json'])).stdout)[0].RepoTags
    expect(await names(named)).toEqual(['team/app:latest'])
    for (const [number, id] of [image.imageId, image.imageId.slice(7), image.imageId.slice(7, 19)].entries()) {
      const nameless = path.join(work.path, `id-${number}.tar`)
      await copyOk(`docker-daemon:${id}`, `docker-archive:${nameless}`)
      expect((await names(nameless)) ?? []).toEqual([])
    }
    const { stdout } = await runOk('skopeo', ['inspect', '--config', '--raw', `docker-archive:${named}`])
    expect(stdout).toBe(Buffer.from(image.configBytes).toString())
  })

  test('takes the image for the platform from an index, and refuses a whole index', async () => {
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const layout = await layoutOf('index', buildIndex([image, arm]))
    await copyOk('--platform', 'linux/arm64', `oci:${layout}`, 'docker-daemon:multi:arm')
    expect(await docker('inspect', '-f', '{{.Id}}', 'multi:arm')).toBe(arm.imageId)
    expect((await copy('--all', `oci:${layout}`, 'docker-daemon:multi:all')).code).toBe(2)
  })

  test('distinguishes a missing image, an invalid target and an engine that does not answer', async () => {
    const missing = await copy('docker-daemon:missing', `dir:${path.join(work.path, 'missing')}`)
    expect([missing.code, missing.stderr]).toEqual([3, expect.stringMatching(/Cannot find "missing"/)])
    const layout = await layoutOf('again', image)
    expect((await copy(`oci:${layout}`, `docker-daemon:${image.imageId}`)).code).toBe(2)
    const env = { ...process.env, DOCKER_HOST: `unix://${work.path}/none.sock` }
    const gone = await startDray(path.join(work.path, 'store'), ['copy', `oci:${layout}`, 'docker-daemon:a'], env)
      .finished
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(/Cannot reach the Docker Engine .*ENOENT/)])
  })
})
