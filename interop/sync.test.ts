import { writeFile } from 'node:fs/promises'

import { buildImage, buildIndex, randomBytes, startDockerRegistry, type DockerRegistry } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dray, drayOk } from './dray.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { requestCount } from './registry-log.ts'

const TAGS = Array.from({ length: 200 }, (_, number) => `1.${number}.0`)

describe.skipIf(!havePeers('docker-registry', 'skopeo'))('dray sync of 200 tags', () => {
  const fixture = useRegistry()
  let mirror: DockerRegistry
  let source: string
  let target: string

  beforeAll(async () => {
    mirror = await startDockerRegistry({ directory: fixture.path('mirror') })
    const amd64 = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 100_000) }]] })
    const arm64 = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    source = (await fixture.push('app', buildIndex([amd64, arm64]))).replace(/:latest$/, '')
    target = `${mirror.host}/mirror/app`
    for (const tag of TAGS) await copyTag('latest', tag)
  })
  afterAll(async () => {
    await mirror?.stop()
  })

  /** Gives another tag to what one tag of the source stands for. */
  const copyTag = async (from: string, to: string): Promise<void> => {
    const manifests = `${fixture.registry.url}/v2/app/manifests`
    const accept = 'application/vnd.oci.image.index.v1+json'
    const body = await (await fetch(`${manifests}/${from}`, { headers: { accept } })).text()
    const { status } = await fetch(`${manifests}/${to}`, { method: 'PUT', body, headers: { 'content-type': accept } })
    expect(status).toBe(201)
  }

  const fileOf = async (name: string, tags: unknown, others: object = {}): Promise<string> => {
    const file = fixture.path(`${name}.yaml`)
    await writeFile(file, JSON.stringify({ images: [{ from: source, to: target, tags, ...others }] }))
    return file
  }
  /** The requests that each registry receives while `work` runs. */
  const requestsOf = async (work: () => Promise<unknown>): Promise<[string[], string[]]> => {
    const before = [await requestCount(fixture.registry), await requestCount(mirror)]
    await work()
    const after = [await fixture.registry.requests(), await mirror.requests()]
    const [ofSource = [], ofTarget = []] = after.map((requests, position) =>
      requests
        .slice(before[position])
        .map(({ method, url }) => `${method} ${url}`)
        .toSorted(),
    )
    return [ofSource, ofTarget]
  }
  const heads = (repository: string): string[] =>
    TAGS.map((tag) => `HEAD /v2/${repository}/manifests/${tag}`).toSorted()
  const store = (): string => fixture.path('store')

  test('copies them all, and then sends each registry one HEAD per tag and nothing else', async () => {
    const file = await fileOf('named', TAGS)
    const lines = (await drayOk(store(), '--progress', 'none', 'sync', file)).trimEnd().split('\n')
    expect(lines.toSorted()).toEqual(TAGS.map((tag) => `copied   ${source}:${tag} -> ${target}:${tag}`).toSorted())
    const asked = await requestsOf(async () => {
      const again = await drayOk(store(), '--progress', 'none', 'sync', '--format', '{{.Status}}', file)
      expect(again).toBe('equal\n'.repeat(200))
    })
    expect(asked).toEqual([heads('app'), heads('mirror/app')])
  })

  test('lists the tags of the source once for a filter', async () => {
    const file = await fileOf('filtered', { versions: '1.x' })
    const [ofSource, ofTarget] = await requestsOf(() => drayOk(store(), 'sync', '-q', file))
    expect(ofSource.filter((request) => !request.startsWith('HEAD'))).toEqual(['GET /v2/app/tags/list'])
    expect(ofSource.filter((request) => request.startsWith('HEAD'))).toEqual(heads('app'))
    expect(ofTarget).toEqual(heads('mirror/app'))
  })

  test('of one platform sends no more than that when a state file has the choice', async () => {
    const file = fixture.path('platform.yaml')
    const images = [{ from: source, to: `${mirror.host}/one`, tags: TAGS, platforms: 'linux/amd64' }]
    await writeFile(file, JSON.stringify({ images }))
    const args = ['sync', '-q', '--state', fixture.path('state.json'), file]
    const [, first] = await requestsOf(() => drayOk(store(), ...args))
    // The config and the layer, once each: a registry that gets them again does not see them while it writes its links.
    expect(first.filter((request) => request.startsWith('POST'))).toHaveLength(2)
    expect(await requestsOf(() => drayOk(store(), ...args))).toEqual([heads('app'), heads('one')])
  })

  test('continues after a failure and exits with its status', async () => {
    const file = await fileOf('failing', ['1.0.0', 'none', '1.1.0'])
    const result = await dray(store(), 'sync', '--format', 'json', file)
    expect(result.code).toBe(3)
    const rows = result.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>)
    expect(rows.map(({ Status, Code }) => `${Status} ${Code}`.trim()).toSorted()).toEqual([
      'equal',
      'equal',
      'failed ERR_NAME_NOT_FOUND',
    ])
  })
})
