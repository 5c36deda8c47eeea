import { buildImage, buildIndex, randomBytes } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startEngine, type Answer, type TestEngine } from './test/engine.ts'
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

const platformOf = (architecture: string): string => encodeURIComponent(JSON.stringify({ os: 'linux', architecture }))

test('inspect shows what each version of the API has', async () => {
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

test('list says of an image without a name that it has none, in the way of the version', async () => {
  await engine.ask('POST', `/images/create?fromImage=${name}&platform=linux/arm64`)
  const unnamed = async (version: string): Promise<unknown> => {
    const { json } = await engine.ask('GET', `/v${version}/images/json?filters={"dangling":["true"]}`)
    return json
  }
  expect(await unnamed('1.42')).toMatchObject([{ RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] }])
  expect(await unnamed('1.43')).toMatchObject([{ RepoTags: [], RepoDigests: [] }])
})

test('list shows the manifests of an index, and what of them is here', async () => {
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

test('inspect, history and delete take the platform that is meant', async () => {
  const missing = await engine.ask('GET', `/images/${name}/json?platform=${platformOf('arm64')}`)
  expect([missing.status, missing.text]).toEqual([
    404,
    expect.stringContaining('does not match the specified platform'),
  ])
  await engine.ask('POST', `/images/create?fromImage=${name}&platform=linux/arm64`)
  for (const [architecture, image] of [
    ['amd64', amd64],
    ['arm64', arm64],
  ] as const) {
    const query = `?platform=${platformOf(architecture)}`
    expect((await engine.ask('GET', `/images/${name}/json${query}`)).json).toMatchObject({ Id: image.imageId })
    expect((await engine.ask('GET', `/images/${name}/history${query}`)).json).toMatchObject([{ Id: image.imageId }])
  }
  const removed = await engine.ask('DELETE', `/images/${name}?platforms=${platformOf('amd64')}`)
  expect(removed.json).toEqual(expect.arrayContaining([{ Deleted: amd64.imageId }]))
  expect((await engine.ask('GET', '/images/json')).json).toMatchObject([{ Id: arm64.imageId, RepoTags: [name] }])
})

test('a platform that is none is refused in words that clients look for', async () => {
  for (const platform of ['foobar', '{', '{"os":1}', 'a/b/c/d', '%00/x']) {
    const answer = await engine.ask('POST', `/images/create?fromImage=${name}&platform=${encodeURIComponent(platform)}`)
    expect([platform, answer.status]).toEqual([platform, 400])
  }
  const word = await engine.ask('POST', `/images/create?fromImage=${name}&platform=foobar`)
  expect(word.text).toContain('unknown operating system or architecture')
})

test('a push of one platform sends the image for it, under the digest that it has', async () => {
  await engine.ask('POST', `/images/create?fromImage=${name}&platform=linux/arm64`)
  const target = `${engine.registry.host}/one`
  await engine.ask('POST', `/images/${name}/tag?repo=${target}&tag=1`)
  const headers = { 'x-registry-auth': 'e30=' }
  const pushed = await engine.ask('POST', `/images/${target}/push?tag=1&platform=${platformOf('arm64')}`, { headers })
  expect(pushed.lines.at(-1)).toMatchObject({ aux: { Digest: arm64.manifest.digest } })
  const absent = await engine.ask('POST', `/images/${target}/push?tag=1&platform=${platformOf('s390x')}`, { headers })
  expect(JSON.stringify(absent.lines)).toContain('s390x')
})

test('a load of a docker-archive takes the platform that is asked for, or fails', async () => {
  const ask = (platform: string, body: Uint8Array): Promise<Answer> =>
    engine.ask('POST', `/images/load?platform=${platformOf(platform)}`, { body })
  await engine.ask('POST', `/images/create?fromImage=${name}&platform=linux/arm64`)
  const whole = await engine.ask('GET', `/images/get?names=${name}`)
  for (const [platform, image] of [
    ['amd64', amd64],
    ['arm64', arm64],
  ] as const) {
    expect((await ask(platform, whole.bytes)).lines.at(-1)).toEqual({ stream: `Loaded image: ${name}\n` })
    expect((await engine.ask('GET', `/images/${name}/json`)).json).toMatchObject({ Id: image.imageId })
  }
  const refused = { errorDetail: { message: expect.stringContaining('no matching manifest for linux/s390x') } }
  expect((await ask('s390x', whole.bytes)).lines).toMatchObject([refused])
  const alone = await engine.ask('GET', `/images/get?names=${amd64.imageId}`)
  expect((await ask('s390x', alone.bytes)).lines).toMatchObject([refused])
  expect((await ask('amd64', alone.bytes)).lines).toEqual([{ stream: `Loaded image ID: ${amd64.imageId}\n` }])
})

test('a load takes the image of the platform that is asked for, and tells of names that it takes', async () => {
  const saved = await engine.ask('GET', `/images/get?names=${amd64.imageId}`)
  await engine.ask('POST', `/images/${amd64.imageId}/tag?repo=app&tag=1`)
  const named = await engine.ask('GET', '/images/get?names=app:1')
  await engine.ask('POST', `/images/create?fromImage=${name}&platform=linux/arm64`)
  await engine.ask('POST', `/images/${arm64.imageId}/tag?repo=app&tag=1`)
  const loaded = await engine.ask('POST', `/images/load?platform=${platformOf('amd64')}`, { body: named.bytes })
  expect(loaded.lines).toEqual([
    { stream: `The image app:1 already exists, renaming the old one with ID ${arm64.imageId} to empty string\n` },
    { stream: 'Loaded image: app:1\n' },
  ])
  const again = await engine.ask('POST', '/images/load', { body: saved.bytes })
  expect(again.lines).toEqual([{ stream: `Loaded image ID: ${amd64.imageId}\n` }])
})
