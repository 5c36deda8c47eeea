import { buildImage, buildIndex, randomBytes } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startEngine, type TestEngine } from './test/engine.ts'
import { pushTestImage } from './test/push-image.ts'

let engine: TestEngine
let name: string

const amd64 = await buildImage({ layers: [[{ path: 'amd64', content: randomBytes(1, 3000) }]] })
const arm64 = await buildImage({
  layers: [[{ path: 'arm64', content: randomBytes(2, 3000) }]],
  platform: { os: 'linux', architecture: 'arm64' },
})
const index = buildIndex([amd64, arm64])

beforeEach(async () => {
  engine = await startEngine()
  name = await pushTestImage(engine.registry.host, 'multi', '1', index)
  await engine.ask('POST', `/images/create?fromImage=${name}`)
})
afterEach(async () => {
  expect(engine.errors).toEqual([])
  await engine[Symbol.asyncDispose]()
})

test('inspect shows the members of each API version', async () => {
  const at = async (version: string) => (await engine.ask('GET', `/v${version}/images/${name}/json`)).json
  expect(await at('1.43')).toMatchObject({
    Container: '',
    ContainerConfig: { Hostname: '', Env: null },
    Config: { Hostname: '', AttachStdin: false, Cmd: ['/bin/sh'] },
    VirtualSize: expect.any(Number),
  })
  expect(await at('1.43')).not.toHaveProperty('Descriptor')
  expect(await at('1.45')).not.toHaveProperty('ContainerConfig')
  expect(await at('1.45')).not.toHaveProperty('VirtualSize')
  expect(await at('1.48')).toHaveProperty('Descriptor')
  expect(await at('1.49')).toHaveProperty('Config.Hostname')
  expect(await at('1.50')).not.toHaveProperty('Config.Hostname')
})

test('list shows an image without a name as each API version does', async () => {
  const store = await engine.runtime.openStore()
  for (const each of await store.images.listNames()) await store.images.untag(each.name)
  const unnamed = async (version: string): Promise<unknown> => {
    const { json } = await engine.ask('GET', `/v${version}/images/json?filters={"dangling":["true"]}`)
    return json
  }
  expect(await unnamed('1.42')).toMatchObject([{ RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] }])
  expect(await unnamed('1.43')).toMatchObject([{ RepoTags: [], RepoDigests: [] }])
})

test('list shows the manifests of an index, and which the store has', async () => {
  expect((await engine.ask('GET', '/v1.46/images/json?manifests=1')).json).not.toHaveProperty('0.Manifests')
  const { json } = await engine.ask('GET', '/v1.48/images/json?manifests=1&shared-size=1')
  expect(json).toMatchObject([
    {
      Id: amd64.imageId,
      SharedSize: 0,
      Descriptor: { digest: index.manifest.digest },
      Manifests: [
        {
          ID: amd64.manifest.digest,
          Available: true,
          Kind: 'image',
          ImageData: { Platform: { os: 'linux', architecture: 'amd64' }, Size: { Unpacked: expect.any(Number) } },
        },
        { ID: arm64.manifest.digest, Available: false, Kind: 'image', Size: { Content: 0, Total: 0 } },
      ],
    },
  ])
  const inspected = await engine.ask('GET', `/v1.48/images/${name}/json?manifests=1`)
  expect(inspected.json).toMatchObject({ Manifests: [{ Available: true }, { Available: false }] })
})

test('an invalid platform is refused in the words of docker', async () => {
  for (const platform of ['foobar', '{', '{"os":1}', 'a/b/c/d', '%00/x']) {
    const answer = await engine.ask('POST', `/images/create?fromImage=${name}&platform=${encodeURIComponent(platform)}`)
    expect([platform, answer.status]).toEqual([platform, 400])
  }
  const word = await engine.ask('POST', `/images/create?fromImage=${name}&platform=foobar`)
  expect(word.text).toContain('unknown operating system or architecture')
})

test('inspect leaves out what is empty since 1.52, and names the repository since 1.53', async () => {
  const at = async (version: string) => Object((await engine.ask('GET', `/v${version}/images/${name}/json`)).json)
  const older = await at('1.51')
  expect(older).toMatchObject({ Parent: '', Comment: '', DockerVersion: '', Author: '', GraphDriver: {} })
  expect(older).toMatchObject({ Config: { User: '', Labels: null, OnBuild: null } })
  const newer = await at('1.52')
  for (const absent of ['Parent', 'Comment', 'DockerVersion', 'Author', 'GraphDriver', 'Identity']) {
    expect(newer).not.toHaveProperty(absent)
  }
  expect(newer.Config).toEqual({ Cmd: ['/bin/sh'], Env: ['PATH=/usr/bin:/bin'] })
  expect(newer).toMatchObject({ Metadata: older.Metadata, RootFS: older.RootFS, Size: older.Size })
  expect((await at('1.53')).Identity).toEqual({ Pull: [{ Repository: `${engine.registry.host}/multi` }] })
})

test('list tells where images come from since 1.54, together with their manifests', async () => {
  const at = (version: string, query: string) => engine.ask('GET', `/v${version}/images/json?${query}`)
  const refused = await at('1.54', 'identity=1')
  expect([refused.status, refused.json]).toEqual([
    400,
    { message: 'conflicting options: identity requires manifests=1' },
  ])
  expect((await at('1.53', 'identity=1')).status).toBe(200)
  const Identity = { Pull: [{ Repository: `${engine.registry.host}/multi` }] }
  const listed = (await at('1.54', 'identity=1&manifests=1')).json
  expect(listed).toMatchObject([{ Manifests: [{ ImageData: { Identity } }, { Available: false }] }])
  expect(listed).not.toHaveProperty('0.Manifests.1.ImageData.Identity')
  expect((await at('1.54', 'manifests=1')).json).not.toHaveProperty('0.Manifests.0.ImageData.Identity')
})

test('list counts containers since 1.51, and has descriptors since 1.48', async () => {
  const at = async (version: string) => (await engine.ask('GET', `/v${version}/images/json`)).json
  expect(await at('1.51')).toMatchObject([{ Containers: 0, Descriptor: index.manifest }])
  expect(await at('1.50')).toMatchObject([{ Containers: -1, Descriptor: index.manifest }])
  expect(await at('1.47')).not.toHaveProperty('0.Descriptor')
  expect(await at('1.57')).not.toHaveProperty('0.Platforms')
})
