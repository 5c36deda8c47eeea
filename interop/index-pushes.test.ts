// What came in goes out: indexes with attestations, pulled from one registry and pushed to another or back.
import path from 'node:path'
import process from 'node:process'

import {
  buildImage,
  findPeer,
  run,
  runOk,
  startDockerRegistry,
  type DockerRegistry,
  type RunResult,
} from '@drayage/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { AMD64, ARM64, buildPlatforms, client, V7, type Platforms } from './docker29.ts'
import { dray, drayOk } from './dray.ts'
import { startDrayd, type Drayd } from './drayd.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { requestCount } from './registry-log.ts'

const crane = findPeer('crane')
if (crane === undefined) process.stderr.write('skipped in part: no crane on PATH, which go install builds\n')
const plugins = [path.join(process.env['HOME'] ?? '/root', '.docker/cli-plugins'), process.env['PATH'] ?? '']
const buildx = findPeer('docker-buildx', { PATH: plugins.join(path.delimiter) })
if (buildx === undefined) process.stderr.write('skipped in part: no docker-buildx on PATH or among the plugins\n')

/** What a pull and a push are run with. */
interface Tool {
  pull(name: string, ...platforms: readonly string[]): Promise<void>
  tag(from: string, to: string): Promise<void>
  push(
    name: string,
    ...options: readonly string[]
  ): Promise<Pick<RunResult, 'stdout' | 'stderr'> & { code: number | null }>
}

describe.skipIf(!havePeers('docker-registry', 'skopeo'))('an index with attestations', () => {
  const fixture = useRegistry()
  let images: Platforms
  /** A registry that has nothing of the index. */
  let empty: DockerRegistry
  let drayd: Drayd | undefined
  let count = 0
  let source: string

  beforeAll(async () => {
    images = await buildPlatforms()
    empty = await startDockerRegistry({ directory: fixture.path('empty') })
    if (client !== undefined) drayd = await startDrayd(fixture.path())
  })
  afterAll(async () => {
    await drayd?.stop()
    await empty?.stop()
  })
  beforeEach(async () => {
    source = await fixture.push(`multi-${(count += 1)}`, images.index)
    if (client !== undefined) await docker('image', 'prune', '-af')
  })

  const docker = (...args: string[]): Promise<RunResult> =>
    run(client ?? '', args, {
      env: { DOCKER_HOST: `unix://${drayd?.socket}`, DOCKER_CONFIG: fixture.path(), DOCKER_CLI_HINTS: 'false' },
    })
  const withDocker: Tool = {
    async pull(name, ...platforms) {
      for (const platform of platforms) expect((await docker('pull', '-q', '--platform', platform, name)).code).toBe(0)
    },
    tag: async (from, to) => expect((await docker('tag', from, to)).code).toBe(0),
    push: (name, ...options) => docker('push', ...options, name),
  }
  const store = (): string => fixture.path(`store-${count}`)
  const withDray: Tool = {
    pull: async (name, ...platforms) =>
      void (await drayOk(store(), 'pull', '-q', '--platform', platforms.join(','), name)),
    tag: async (from, to) => void (await drayOk(store(), 'tag', from, to)),
    push: (name, ...options) => dray(store(), 'push', ...options, name),
  }
  const tools = [
    ['dray', withDray],
    ...(client === undefined ? [] : ([['docker 29 on drayd', withDocker]] as const)),
  ] as const

  async function taggedBy(name: string): Promise<string | null> {
    const [host, repository] = [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1).split(':')[0]]
    const url = `http://${host}/v2/${repository}/manifests/latest`
    const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
    return (await fetch(url, { method: 'HEAD', headers: { accept } })).headers.get('docker-content-digest')
  }
  const elsewhere = (): string => `${empty.host}/copy-${count}:latest`

  test.each(tools)('of which all platforms are here goes whole to an empty registry, by %s', async (_, tool) => {
    await tool.pull(source, AMD64, ARM64, V7)
    await tool.tag(source, elsewhere())
    const { code, stderr } = await tool.push(elsewhere())
    expect([code, stderr]).toEqual([0, ''])
    expect(await taggedBy(elsewhere())).toBe(images.index.manifest.digest)
    if (crane !== undefined) {
      expect((await runOk(crane, ['digest', '--insecure', elsewhere()])).stdout.trim()).toBe(
        images.index.manifest.digest,
      )
      // All of the images; of the attestations the manifests, since crane takes each layer for a tar.
      await runOk(crane, ['validate', '--insecure', '--fast', '--remote', elsewhere()])
      for (const { manifest, platform } of [images.amd64, images.arm64]) {
        const name = `${platform.os}/${platform.architecture}`
        const pulled = await runOk(crane, ['digest', '--insecure', '--platform', name, elsewhere()])
        expect(pulled.stdout.trim()).toBe(manifest.digest)
        await runOk(crane, ['validate', '--insecure', '--platform', name, '--remote', elsewhere()])
      }
    }
    if (buildx !== undefined) {
      const { stdout } = await runOk(buildx, ['imagetools', 'inspect', elsewhere()])
      expect(stdout).toContain(images.index.manifest.digest)
      expect(stdout.match(/attestation-manifest/g)).toHaveLength(3)
    }
  })

  test.each(tools)(
    'of which a platform is missing is refused elsewhere, and nothing is written, by %s',
    async (by, tool) => {
      const other = await buildImage({ layers: [[{ path: 'other', content: by }]] })
      await tool.pull(source, AMD64, ARM64)
      await tool.tag(source, elsewhere())
      const [host, repository = ''] = elsewhere().split('/')
      await putThere(`http://${host}/v2/${repository.split(':')[0]}`, other)
      const before = await requestCount(empty)
      const { code, stderr } = await tool.push(elsewhere())
      expect(code).toBe(1)
      const words =
        by === 'dray'
          ? ['`dray pull --all-platforms ', '`--sparse`', `\`--platform ${AMD64}\``]
          : ['multiple matching manifests found but no specific platform requested']
      for (const each of words) expect(stderr).toContain(each)
      const written = (await empty.requests())
        .slice(before)
        .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
      expect(written).toEqual([])
      expect(await taggedBy(elsewhere())).toBe(other.manifest.digest)
      expect((await tool.push(elsewhere(), '--platform', ARM64)).code).toBe(0)
      expect(await taggedBy(elsewhere())).toBe(images.arm64.manifest.digest)
    },
  )

  async function putThere(repository: string, { blobs, manifest, manifestBytes }: Platforms['amd64']): Promise<void> {
    for (const [digest, bytes] of blobs) {
      if (digest === manifest.digest) continue
      const begun = await fetch(`${repository}/blobs/uploads/`, { method: 'POST' })
      const url = new URL(begun.headers.get('location') ?? '', repository)
      url.searchParams.set('digest', digest)
      expect((await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) })).status).toBe(201)
    }
    const headers = { 'content-type': manifest.mediaType }
    const put = { method: 'PUT', headers, body: new Uint8Array(manifestBytes) }
    expect((await fetch(`${repository}/manifests/latest`, put)).status).toBe(201)
  }

  test.each(tools)('of which one platform is here goes back as it came, by %s', async (_, tool) => {
    await tool.pull(source, ARM64)
    expect((await tool.push(source)).code).toBe(0)
    expect(await taggedBy(source)).toBe(images.index.manifest.digest)
  })

  test.skipIf(client === undefined)(
    'of which one platform is here goes elsewhere as that image, and docker says so',
    async () => {
      await withDocker.pull(source, AMD64)
      await withDocker.tag(source, elsewhere())
      const { code, stdout } = await withDocker.push(elsewhere())
      expect([code, stdout]).toEqual([
        0,
        expect.stringContaining('only the available single-platform image was pushed'),
      ])
      expect(stdout).toContain(images.amd64.manifest.digest)
      expect(await taggedBy(elsewhere())).toBe(images.amd64.manifest.digest)
    },
  )
})
