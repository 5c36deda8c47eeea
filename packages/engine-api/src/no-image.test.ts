import { parseReference } from '@drayage/reference'
import { createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { openRegistryStorage } from '@drayage/runtime'
import { buildImage, buildIndex, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { startEngine, type TestEngine } from './test/engine.ts'
import { pushTestImage } from './test/push-image.ts'

let engine: TestEngine
/** The store of the engine as a registry. */
let endpoint: HttpServer

beforeEach(async () => {
  engine = await startEngine()
  const storage = await openRegistryStorage(engine.runtime)
  endpoint = await serve(createRegistryHandler({ storage, sparse: true }), { graceMs: 0 })
})
afterEach(async () => {
  expect(engine.errors).toEqual([])
  await endpoint.close()
  await engine[Symbol.asyncDispose]()
})

async function artifact(): Promise<TestImage> {
  const { config } = await buildImage()
  return await buildImage({ manifest: { config: { ...config, mediaType: 'application/x.chart' } } })
}

describe('a name that stands for no image', () => {
  test('is listed, inspected, tagged and saved as what it is, and refused as an image', async () => {
    const chart = await artifact()
    await pushTestImage(endpoint.host, 'team/app', '1', chart)
    const { digest } = chart.manifest
    const names = { RepoTags: ['team/app:1'], RepoDigests: [`team/app@${digest}`] }
    const manifest = { ID: digest, Kind: 'unknown', Available: true }
    const listed = (await engine.ask('GET', '/images/json?manifests=1')).json
    expect(listed).toMatchObject([{ Id: digest, ...names, Descriptor: chart.manifest, Manifests: [manifest] }])
    const inspected = (await engine.ask('GET', '/images/team/app:1/json')).json
    expect(inspected).toMatchObject({ Id: digest, ...names, Descriptor: chart.manifest, Architecture: '', Config: {} })
    expect((await engine.ask('POST', '/images/team/app:1/tag?repo=other&tag=1')).status).toBe(201)
    expect((await engine.ask('GET', '/images/other:1/json')).json).toMatchObject({ Id: digest })
    expect((await engine.ask('GET', '/images/team/app:1/get')).status).toBe(200)
    for (const path of [
      '/images/team/app:1/history',
      '/images/team/app:1/json?platform=%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22arm64%22%7D',
    ]) {
      const { status, json } = await engine.ask('GET', path)
      const message = expect.stringMatching(/^Cannot use "team\/app:1": .*, expected a container image$/)
      expect([path, status, json]).toEqual([path, 400, { message }])
    }
  })

  test('stays when images without a tag are pruned, and is removed by its name', async () => {
    const chart = await artifact()
    await pushTestImage(endpoint.host, 'team/app', '1', chart)
    expect((await engine.ask('POST', '/images/prune')).json).toMatchObject({ ImagesDeleted: null })
    const manifest = `${endpoint.url}/v2/team/app/manifests/1`
    expect((await fetch(manifest)).status).toBe(200)
    const removed = await engine.ask('DELETE', '/images/team/app:1')
    expect([removed.status, removed.json]).toEqual([
      200,
      [
        { Untagged: 'team/app:1' },
        { Untagged: `team/app@${chart.manifest.digest}` },
        { Deleted: chart.manifest.digest },
      ],
    ])
    expect((await engine.ask('DELETE', '/images/team/app:1')).status).toBe(404)
    expect((await fetch(manifest)).status).toBe(404)
  })

  test('is pushed as it is', async () => {
    const chart = await artifact()
    await pushTestImage(endpoint.host, 'team/app', '1', chart)
    const { images } = await engine.runtime.openStore()
    const { host } = engine.registry
    await images.setNames([{ name: parseReference(`${host}/app:1`), target: chart.manifest }])
    const headers = { 'x-registry-auth': Buffer.from('{}').toString('base64url') }
    const pushed = await engine.ask('POST', `/images/${host}/app/push?tag=1`, { headers })
    expect(pushed.lines.at(-1)).toMatchObject({ aux: { Tag: '1', Digest: chart.manifest.digest } })
    const answer = await fetch(`http://${host}/v2/app/manifests/1`)
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(chart.manifestBytes)
  })
})

test('an index without an image for this machine shows the first that is here', async () => {
  const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
  const index = buildIndex([arm])
  await pushTestImage(endpoint.host, 'team/arm', '1', index)
  const { json } = await engine.ask('GET', '/images/team/arm:1/json')
  expect(json).toMatchObject({ Id: arm.imageId, Architecture: 'arm64', Descriptor: index.manifest })
})

test('an image that was pushed before its layer is inspected once the layer is here', async () => {
  const image = await buildImage()
  const layer = image.layers[0]?.descriptor.digest ?? ''
  const blobs = new Map([...image.blobs].filter(([digest]) => digest !== layer))
  await pushTestImage(endpoint.host, 'team/app', '1', { ...image, blobs })
  expect((await engine.ask('GET', '/images/team/app:1/json')).status).toBe(400)
  await pushTestImage(endpoint.host, 'team/app', '2', image)
  expect((await engine.ask('GET', '/images/team/app:1/json')).json).toMatchObject({ Id: image.imageId })
})
