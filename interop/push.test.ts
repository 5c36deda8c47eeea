import path from 'node:path'

import { runOk, startDockerd, startDockerRegistry, tempDir, type DockerRegistry, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { debianImage } from './debian-image.ts'
import { drayOk } from './dray.ts'
import { havePeers } from './peer.ts'
import { requestCount } from './registry-log.ts'

const here = havePeers('docker-registry', 'skopeo', 'umoci', 'debootstrap', 'dockerd', 'docker')

describe.skipIf(!here)('a pulled image', () => {
  let work: TempDir
  let first: DockerRegistry
  let second: DockerRegistry
  let store: string
  let source: string

  beforeAll(async () => {
    work = await tempDir()
    const image = await debianImage()
    first = await startDockerRegistry({ directory: path.join(work.path, 'first') })
    second = await startDockerRegistry({ directory: path.join(work.path, 'second') })
    source = `${first.host}/debian:bookworm`
    await runOk('skopeo', ['copy', '--dest-tls-verify=false', `oci:${image.layout}:${image.tag}`, `docker://${source}`])
    store = path.join(work.path, 'store')
    await drayOk(store, 'pull', '-q', source)
  })
  afterAll(async () => {
    await first?.stop()
    await second?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  const raw = async (reference: string): Promise<string> =>
    (await runOk('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`])).stdout
  const uploads = async (from: number): Promise<string[]> =>
    (await second.requests())
      .slice(from)
      .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
      .map(({ method, url }) => `${method} ${url.replace(/\?.*$/s, '').replace(/[0-9a-f-]{36}$/, 'session')}`)

  test('is pushed to another registry with unchanged digests, which skopeo verifies', async () => {
    const target = `${second.host}/team/debian:1`
    await drayOk(store, 'tag', source, target)
    const lines = (await drayOk(store, 'push', target)).trimEnd().split('\n')
    expect(lines[0]).toBe(`The push refers to repository [${second.host}/team/debian]`)
    expect(lines.at(-1)).toMatch(/^1: digest: sha256:[0-9a-f]{64} size: \d+$/)
    expect(await raw(target)).toBe(await raw(source))
    const copied = path.join(work.path, 'copied')
    await runOk('skopeo', ['copy', '--src-tls-verify=false', `docker://${target}`, `oci:${copied}:1`])
  })

  test('is not sent again, but mounted into a second repository', async () => {
    const again = await requestCount(second)
    await drayOk(store, 'push', `${second.host}/team/debian:1`)
    expect(await uploads(again)).toEqual(['PUT /v2/team/debian/manifests/1'])
    const twin = `${second.host}/team/twin:1`
    await drayOk(store, 'tag', source, twin)
    const before = await requestCount(second)
    const lines = await drayOk(store, 'push', twin)
    expect(lines.match(/: Mounted from team\/debian$/gm)).toHaveLength(8)
    const sent = await uploads(before)
    expect(sent.filter((request) => request === 'POST /v2/team/twin/blobs/uploads/')).toHaveLength(8)
    expect(sent.filter((request) => request.startsWith('PATCH'))).toEqual([])
    expect(await raw(twin)).toBe(await raw(source))
  })

  test('is copied from registry to registry without the store', async () => {
    const target = `${second.host}/copied:1`
    const unused = path.join(work.path, 'unused')
    await drayOk(unused, 'copy', '-q', `docker://${source}`, `docker://${target}`)
    expect(await raw(target)).toBe(await raw(source))
  })

  test('is loaded from docker save and from skopeo under the same ID', async () => {
    const id = JSON.parse(await drayOk(store, 'inspect', source))[0].Id
    const saved = path.join(work.path, 'saved.tar')
    await drayOk(store, 'save', '-o', saved, source)
    await using docker = await startDockerd({ directory: path.join(work.path, 'docker') })
    await docker.docker(['load', '-i', saved])
    const byDocker = path.join(work.path, 'by-docker.tar')
    expect((await docker.docker(['save', '-o', byDocker, source])).code).toBe(0)
    const bySkopeo = path.join(work.path, 'by-skopeo.tar')
    await runOk('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `docker://${source}`,
      `docker-archive:${bySkopeo}:${source}`,
    ])
    for (const [name, archive] of Object.entries({ byDocker, bySkopeo })) {
      const other = path.join(work.path, name)
      expect(await drayOk(other, 'load', '-i', archive)).toBe(`Loaded image: ${source}\n`)
      expect(JSON.parse(await drayOk(other, 'inspect', source))[0].Id).toBe(id)
    }
  })
})
