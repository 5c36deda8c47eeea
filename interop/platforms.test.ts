import path from 'node:path'

import {
  buildImage,
  buildIndex,
  runOk,
  startDockerRegistry,
  tempDir,
  writeOciLayout,
  type DockerRegistry,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dray, drayOk } from './dray.ts'
import { havePeers } from './peer.ts'

const here = havePeers('docker-registry', 'skopeo', 'buildah')

const PLATFORMS = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm', variant: 'v6' },
  { os: 'linux', architecture: 'arm', variant: 'v7' },
  { os: 'linux', architecture: 'arm64', variant: 'v8' },
  { os: 'linux', architecture: 's390x' },
]

describe.skipIf(!here)('an index of images for several platforms', () => {
  let work: TempDir
  let registry: DockerRegistry
  let images: TestImage[]
  let reference: string

  beforeAll(async () => {
    work = await tempDir()
    registry = await startDockerRegistry({ directory: path.join(work.path, 'registry') })
    reference = `${registry.host}/multi:latest`
    images = await Promise.all(
      PLATFORMS.map((platform, number) =>
        buildImage({ platform, layers: [[{ path: 'arch', content: `${platform.architecture} ${number}\n` }]] }),
      ),
    )
    const layout = path.join(work.path, 'layout')
    await writeOciLayout(layout, buildIndex(images), 'multi')
    await runOk('skopeo', ['copy', '--all', '--dest-tls-verify=false', `oci:${layout}:multi`, `docker://${reference}`])
  })
  afterAll(async () => {
    await registry?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  const pulledFor = async (platform: string | undefined, from = reference): Promise<string> => {
    await using directory = await tempDir()
    const options = platform === undefined ? [] : ['--platform', platform]
    await drayOk(directory.path, 'pull', '-q', ...options, from)
    return JSON.parse(await drayOk(directory.path, 'inspect', from))[0].Id
  }
  const idFor = (architecture: string, variant?: string): string | undefined =>
    images.find(({ platform }) => platform.architecture === architecture && platform.variant === variant)?.imageId

  test.each([
    ['linux/arm64', 'arm64', 'v8'],
    ['linux/arm64/v8', 'arm64', 'v8'],
    ['linux/arm', 'arm', 'v7'],
    ['linux/arm/v7', 'arm', 'v7'],
    ['linux/arm/v6', 'arm', 'v6'],
    ['linux/s390x', 's390x', undefined],
  ])('gives the child for %s', async (platform, architecture, variant) => {
    expect(await pulledFor(platform)).toBe(idFor(architecture, variant))
  })

  test('gives the child for the host', async () => {
    const host = process.arch === 'arm64' ? idFor('arm64', 'v8') : idFor('amd64')
    expect(await pulledFor(undefined)).toBe(host)
  })

  test('refuses a platform that is missing and lists those available', async () => {
    await using directory = await tempDir()
    const refused = await dray(directory.path, 'pull', '--platform', 'linux/riscv64', reference)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toMatch(
      /no matching manifest for linux\/riscv64 .*linux\/amd64, linux\/arm\/v6, linux\/arm\/v7, linux\/arm64, linux\/s390x/,
    )
    expect((await drayOk(directory.path, 'images', '-q')).trim()).toBe('')
  })

  test('made by buildah gives the right child too', async () => {
    const list = `${registry.host}/buildah:latest`
    const storage = [
      '--root',
      path.join(work.path, 'buildah'),
      '--runroot',
      path.join(work.path, 'run'),
      '--storage-driver',
      'vfs',
    ]
    await runOk('buildah', [...storage, 'manifest', 'create', 'multi'])
    for (const [number, image] of images.entries()) {
      const single = `${registry.host}/single-${number}:latest`
      const layout = path.join(work.path, `single-${number}`)
      await writeOciLayout(layout, image, 'single')
      await runOk('skopeo', ['copy', '--dest-tls-verify=false', `oci:${layout}:single`, `docker://${single}`])
      const { os, architecture, variant } = image.platform
      const platform = ['--os', os, '--arch', architecture, ...(variant === undefined ? [] : ['--variant', variant])]
      await runOk('buildah', [
        ...storage,
        'manifest',
        'add',
        '--tls-verify=false',
        ...platform,
        'multi',
        `docker://${single}`,
      ])
    }
    await runOk('buildah', [...storage, 'manifest', 'push', '--all', '--tls-verify=false', 'multi', `docker://${list}`])
    expect(await pulledFor('linux/arm', list)).toBe(idFor('arm', 'v7'))
    expect(await pulledFor('linux/arm64', list)).toBe(idFor('arm64', 'v8'))
  })
})
