import { buildLayer } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startEngine, type TestEngine } from './test/engine.ts'

let engine: TestEngine

beforeEach(async () => {
  engine = await startEngine()
})
afterEach(async () => {
  expect(engine.errors).toEqual([])
  await engine[Symbol.asyncDispose]()
})

async function importTestImage(name: string): Promise<void> {
  const { bytes } = await buildLayer([{ path: name, content: name }], { compression: 'none' })
  expect((await engine.ask('POST', `/images/create?fromSrc=-&repo=${name}&tag=1`, { body: bytes })).status).toBe(200)
}

test('info has the members of each API version', async () => {
  const at = async (version: string) => (await engine.ask('GET', `/v${version}/info`)).json
  const newest = await at('1.57')
  expect(newest).toMatchObject({
    ...{ Containers: 0, ServerVersion: '1.2.3', CDISpecDirs: [], CgroupVersion: expect.stringMatching(/^[12]$/) },
    ContainerdCommit: { ID: '' },
  })
  for (const absent of ['BridgeNfIptables', 'ContainerdCommit.Expected', 'Containerd', 'FirewallBackend', 'NRI']) {
    expect(newest).not.toHaveProperty(absent)
  }
  expect(await at('1.49')).toMatchObject({ BridgeNfIptables: false, RuncCommit: { ID: '' } })
  expect(await at('1.49')).not.toHaveProperty('RuncCommit.Expected')
  expect(await at('1.48')).toMatchObject({ InitCommit: { ID: '', Expected: '' } })
  expect(await at('1.46')).toHaveProperty('RegistryConfig.AllowNondistributableArtifactsCIDRs', [])
  expect(await at('1.43')).not.toHaveProperty('CDISpecDirs')
  expect(await at('1.40')).not.toHaveProperty('CgroupVersion')
  expect(await at('1.47')).not.toHaveProperty('RegistryConfig.AllowNondistributableArtifactsCIDRs')
})

test('the disk usage covers images only', async () => {
  await importTestImage('one')
  const { json } = await engine.ask('GET', '/v1.51/system/df')
  expect(json).toMatchObject({ Images: [{ RepoTags: ['one:1'], SharedSize: 0 }], Containers: [], Volumes: [] })
  const volumes = (await engine.ask('GET', '/v1.51/system/df?type=volume')).json
  expect(volumes).toEqual({ LayersSize: 0, Volumes: [] })
  expect((await engine.ask('GET', '/system/df?type=other')).status).toBe(400)
  expect((await engine.ask('GET', '/v1.41/system/df?type=other')).json).toMatchObject({ BuilderSize: 0, Volumes: [] })
})

test('the disk usage is summed up since 1.52, and has its lists under other names on request', async () => {
  const empty = { ImageUsage: {}, ContainerUsage: {}, VolumeUsage: {}, BuildCacheUsage: {} }
  expect((await engine.ask('GET', '/v1.52/system/df')).json).toMatchObject({ ...empty, Images: [], Containers: [] })
  await importTestImage('one')
  const ImageUsage = { TotalCount: 1, TotalSize: expect.any(Number), Reclaimable: expect.any(Number) }
  const older = (await engine.ask('GET', '/v1.51/system/df')).json
  expect((await engine.ask('GET', '/v1.52/system/df')).json).toEqual({ ...Object(older), ...empty, ImageUsage })
  const Items = [expect.objectContaining({ RepoTags: ['one:1'] })]
  const verbose = (await engine.ask('GET', '/v1.52/system/df?verbose=1')).json
  expect(verbose).toEqual({ ...empty, ImageUsage: { ...ImageUsage, Items } })
  expect((await engine.ask('GET', '/v1.51/system/df?verbose=1')).json).toEqual(older)
  const images = (await engine.ask('GET', '/system/df?type=image&verbose=1')).json
  expect(images).toEqual({ ImageUsage: { ...ImageUsage, Items } })
})

test('events have the form that the client accepts, and older versions have more members', async () => {
  await importTestImage('one')
  const ask = (version: string, accept?: string) =>
    engine.ask('GET', `/v${version}/events?since=1&until=${Date.now() / 1000}`, {
      headers: accept === undefined ? {} : { accept },
    })
  const typeOf = async (version: string, accept?: string) => (await ask(version, accept)).headers['content-type']
  expect(await typeOf('1.51')).toBe('application/json')
  expect(await typeOf('1.52')).toBe('application/x-ndjson')
  expect(await typeOf('1.53')).toBe('application/jsonl')
  expect(await typeOf('1.57', '*/*')).toBe('application/jsonl')
  expect(await typeOf('1.57', 'application/json')).toBe('application/jsonl')
  expect(await typeOf('1.51', 'application/x-ndjson')).toBe('application/x-ndjson')
  expect(await typeOf('1.57', 'application/jsonl;q=0.4, Application/JSON-Seq ; q=0.5')).toBe('application/json-seq')
  expect(await typeOf('1.57', 'application/json-seq;q=0, application/jsonl;q=x')).toBe('application/jsonl')
  const { text } = await ask('1.57', 'application/json-seq')
  expect(text.split('\u001E').map((record) => record.replace(/^\{[^\n]*\}\n$/, 'one'))).toEqual(['', 'one', 'one'])
  const [newer] = (await ask('1.52')).lines
  expect(newer).toEqual({
    ...{ Type: 'image', Action: 'tag', scope: 'local', time: expect.any(Number), timeNano: expect.any(Number) },
    Actor: { ID: expect.any(String), Attributes: { name: 'one:1' } },
  })
  const ID: unknown = Reflect.get(Object(newer?.['Actor']), 'ID')
  expect((await ask('1.51')).lines[0]).toEqual({ ...newer, status: 'tag', id: ID })
})

test('the times of events may be negative, and dates only by RFC 3339', async () => {
  for (const since of ['-1', '0.5', '1970-01-01', '1970-01-01T00:00:01Z', '1970-01-01T00:00:01.5+01:00']) {
    expect([since, (await engine.ask('GET', `/events?since=${encodeURIComponent(since)}&until=2`)).status]).toEqual([
      since,
      200,
    ])
  }
  for (const since of ['x 1', '1h', '1/2/1970', '1970-01-01x', '--1']) {
    const { status, text } = await engine.ask('GET', `/events?since=${encodeURIComponent(since)}&until=2`)
    expect([since, status, text]).toEqual([since, 400, expect.stringContaining('invalid since')])
  }
})

test('an untag names the tag that is gone', async () => {
  await importTestImage('one')
  await engine.ask('DELETE', '/images/one:1')
  const untagged = engine.events.recent().filter(({ Action }) => Action === 'untag')
  expect(untagged).toMatchObject([{ Actor: { ID: expect.stringMatching(/^sha256:/), Attributes: { name: 'one:1' } } }])
})

test('there are no containers, and none can be created', async () => {
  expect((await engine.ask('GET', '/containers/json')).json).toEqual([])
  expect((await engine.ask('GET', '/containers/x/json')).json).toEqual({ message: 'No such container: x' })
  for (const path of ['/containers/x/start', '/exec/x/start', '/networks/x/connect', '/plugins/a/b/enable']) {
    expect([path, (await engine.ask('POST', path)).status]).toEqual([path, 404])
  }
  expect((await engine.ask('GET', '/services/x')).status).toBe(503)
  for (const path of ['/containers/create', '/build', '/networks/create', '/swarm/init']) {
    expect([path, (await engine.ask('POST', path)).status]).toEqual([path, 501])
  }
})

test('the only network is an empty bridge', async () => {
  const { json } = await engine.ask('GET', '/networks/bridge')
  expect(json).toMatchObject({ Name: 'bridge', EnableIPv4: false, IPAM: { Config: [] }, Containers: {} })
  expect((await engine.ask('GET', `/networks/${Reflect.get(Object(json), 'Id')}`)).json).toEqual(json)
  expect((await engine.ask('GET', '/v1.51/networks')).json).toEqual([json])
  const { Containers: _, ...listed } = Object(json)
  expect((await engine.ask('GET', '/v1.52/networks')).json).toEqual([listed])
  expect((await engine.ask('GET', '/v1.47/networks/bridge')).json).not.toHaveProperty('EnableIPv4')
  expect((await engine.ask('DELETE', '/networks/bridge')).status).toBe(403)
  expect((await engine.ask('GET', '/networks/x')).json).toEqual({ message: 'network x not found' })
})

test('podman gets its ping, and is told what it cannot ask', async () => {
  expect((await engine.ask('GET', '/v4.3.1/libpod/_ping')).status).toBe(200)
  const { status, text } = await engine.ask('GET', '/v4.3.1/libpod/images/json')
  expect([status, text]).toEqual([501, expect.stringContaining('drayd serves the Docker Engine API')])
})

test('a version without a route says which has it', async () => {
  for (const [method, path, version] of [
    ['POST', '/v1.24/images/prune', '1.25'],
    ['GET', '/v1.29/distribution/x/json', '1.30'],
  ] as const) {
    const { status, text } = await engine.ask(method, path)
    expect([status, text]).toEqual([400, expect.stringContaining(`requires minimum API version ${version}`)])
  }
})
