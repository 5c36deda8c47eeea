import { mkdir } from 'node:fs/promises'
import path from 'node:path'

import {
  buildImage,
  findPeer,
  randomBytes,
  run,
  runOk,
  startProgram,
  startDockerd,
  tempDir,
  writeOciLayout,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startDrayd, type Drayd } from './drayd.ts'
import { havePeers } from './peer.ts'

const here = havePeers('skopeo', 'podman', 'containerd', 'ctr', 'dockerd', 'docker')
const crane = findPeer('crane')

describe.skipIf(!here)('the registry endpoint of drayd', () => {
  let work: TempDir
  let drayd: Drayd
  let host: string
  let image: TestImage
  let layout: string

  beforeAll(async () => {
    work = await tempDir()
    drayd = await startDrayd(work.path, ['--registry-host', 'tcp://127.0.0.1:0', '--registry-anonymous', 'push'])
    host = (drayd.places[1] ?? '').replace('tcp://', '')
    image = await buildImage({
      layers: [1, 2, 3].map((seed) => [{ path: `data-${seed}`, content: randomBytes(seed, 300_000) }]),
    })
    layout = path.join(work.path, 'layout')
    await writeOciLayout(layout, image, 'latest')
  })
  afterAll(async () => {
    await drayd?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  const imageId = async (name: string): Promise<string> =>
    (await drayd.docker(['image', 'inspect', '--format', '{{.Id}}', name])).stdout.trim()

  test('accepts a push of skopeo as an image of the store, and serves it to skopeo', async () => {
    const name = 'from/skopeo:1'
    await runOk('skopeo', ['copy', '--dest-tls-verify=false', `oci:${layout}:latest`, `docker://${host}/${name}`])
    expect(await imageId(name)).toBe(image.imageId)
    const back = path.join(work.path, 'back')
    await runOk('skopeo', ['copy', '--src-tls-verify=false', `docker://${host}/${name}`, `dir:${back}`])
    const raw = await runOk('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${host}/${name}`])
    expect(raw.stdout).toBe(new TextDecoder().decode(image.manifestBytes))
  })

  test('accepts a push of podman and serves it to podman', async () => {
    const root = path.join(work.path, 'podman')
    const podman = (...args: readonly string[]): ReturnType<typeof runOk> =>
      runOk('podman', [
        ...['--root', path.join(root, 'root'), '--runroot', path.join(root, 'run'), '--storage-driver', 'vfs'],
        ...args,
      ])
    await podman('pull', '-q', '--tls-verify=false', `docker://${host}/from/skopeo:1`)
    await podman('push', '-q', '--tls-verify=false', image.imageId, `docker://${host}/from/podman:1`)
    expect(await imageId('from/podman:1')).toBe(image.imageId)
    await podman('rmi', '-a', '-f')
    await podman('pull', '-q', '--tls-verify=false', `docker://${host}/from/podman:1`)
    expect((await podman('images', '-q', '--no-trunc')).stdout.trim()).toBe(image.imageId)
  })

  test.skipIf(crane === undefined)('takes a push of crane, which validates what it gets back', async () => {
    const tar = path.join(work.path, 'crane.tar')
    await runOk(crane ?? '', ['pull', '--insecure', `${host}/from/skopeo:1`, tar])
    await runOk(crane ?? '', ['push', '--insecure', tar, `${host}/from/crane:1`])
    expect(await imageId('from/crane:1')).toBe(image.imageId)
    await runOk(crane ?? '', ['validate', '--insecure', '--remote', `${host}/from/crane:1`])
    expect((await runOk(crane ?? '', ['catalog', '--insecure', host])).stdout).toContain('from/crane')
  })

  test('accepts a push of containerd and serves it to containerd', async () => {
    const root = path.join(work.path, 'containerd')
    await mkdir(root)
    const address = path.join(root, 'c.sock')
    const ctr = (...args: readonly string[]): ReturnType<typeof run> => run('ctr', ['--address', address, ...args])
    await using _daemon = await startProgram({
      command: findPeer('containerd') ?? '',
      args: ['--address', address, '--root', path.join(root, 'root'), '--state', path.join(root, 'state')],
      logFile: path.join(root, 'log'),
      isReady: async () => (await ctr('version')).code === 0,
    })
    const pulled = await ctr('images', 'pull', '--plain-http', '--snapshotter', 'native', `${host}/from/skopeo:1`)
    expect(pulled).toMatchObject({ code: 0 })
    await ctr('images', 'tag', `${host}/from/skopeo:1`, `${host}/from/ctr:1`)
    expect(await ctr('images', 'push', '--plain-http', `${host}/from/ctr:1`)).toMatchObject({ code: 0 })
    expect(await imageId('from/ctr:1')).toBe(image.imageId)
  })

  test('takes signed schema 1 of skopeo by the digest of its payload, and serves it to skopeo and dockerd', async () => {
    const name = `docker://${host}/old/app:1`
    await runOk('skopeo', ['copy', '--format', 'v2s1', '--dest-tls-verify=false', `oci:${layout}:latest`, name])
    const answer = await fetch(`http://${host}/v2/old/app/manifests/1`)
    expect(answer.headers.get('content-type')).toBe('application/vnd.docker.distribution.manifest.v1+prettyjws')
    const signed = await answer.text()
    expect(signed).toContain('"signatures"')
    const digest = answer.headers.get('docker-content-digest') ?? ''
    const back = path.join(work.path, 'schema1')
    // skopeo and dockerd rebuild the payload and compare its digest.
    const byDigest = `docker://${host}/old/app@${digest}`
    await runOk('skopeo', ['copy', '--src-tls-verify=false', byDigest, `dir:${back}`])
    const raw = await runOk('skopeo', ['inspect', '--raw', '--tls-verify=false', name])
    expect(raw.stdout).toBe(signed)
    const directory = path.join(work.path, 'dockerd-schema1')
    await mkdir(directory)
    await using docker = await startDockerd({ directory })
    const pulled = await docker.docker(['pull', `${host}/old/app:1`])
    expect([pulled.code, pulled.stdout]).toEqual([0, expect.stringContaining(`Digest: ${digest}`)])
  })

  test('is a mirror of Docker Hub for dockerd, and accepts its push', async () => {
    await drayd.docker(['tag', 'from/skopeo:1', 'team/mirrored:1'])
    const directory = path.join(work.path, 'dockerd')
    await mkdir(directory)
    await using docker = await startDockerd({ directory, registryMirrors: [`http://${host}`] })
    expect(await docker.docker(['pull', 'team/mirrored:1'])).toMatchObject({ code: 0 })
    const { stdout } = await docker.docker(['image', 'inspect', '--format', '{{.Id}}', 'team/mirrored:1'])
    expect(stdout.trim()).toBe(image.imageId)
    await docker.docker(['tag', 'team/mirrored:1', `${host}/from/dockerd:1`])
    expect(await docker.docker(['push', `${host}/from/dockerd:1`])).toMatchObject({ code: 0 })
    expect(await imageId('from/dockerd:1')).toBe(image.imageId)
  })
})
