import { buildImage, buildIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { IMAGE_IDS, platformQuery, startIndexEngine, type IndexEngine } from './test/stored-index.ts'
import { pushTestImage } from './test/push-image.ts'

describe.each(IMAGE_IDS)('an index with several images, with the ID of its %s,', (imageId) => {
  let engine: IndexEngine
  /** A repository of the registry that has nothing yet. */
  let fresh: string
  beforeEach(async () => {
    engine = await startIndexEngine(imageId)
    fresh = `${engine.registry.host}/fresh`
  })
  afterEach(async () => {
    expect(engine.errors).toEqual([])
    await engine[Symbol.asyncDispose]()
  })
  const get = async (path: string): Promise<unknown> => (await engine.ask('GET', path)).json
  const tag = (): Promise<unknown> => engine.ask('POST', `/images/${engine.name}/tag?repo=${fresh}&tag=1`)

  test('is pushed back as it came, whatever platforms are here', async () => {
    const { name, index } = engine
    for (const platform of ['linux/amd64', 'linux/arm/v7']) {
      await engine.pull(platform)
      const { lines } = await engine.ask('POST', `/images/${name.slice(0, -2)}/push?tag=1`)
      expect(lines.at(-1)).toMatchObject({ aux: { Digest: index.manifest.digest } })
      expect(await engine.tagged('multi')).toBe(index.manifest.digest)
    }
  })

  test('with one image here, is pushed elsewhere as that image, and says so', async () => {
    await engine.pull('linux/amd64')
    await tag()
    const { index, amd64 } = engine
    const { lines } = await engine.ask('POST', `/images/${fresh}/push?tag=1`)
    const selectedManifest = { ...amd64.manifest, platform: amd64.platform }
    expect(lines).toContainEqual({
      progressDetail: {},
      aux: { manifestPushedInsteadOfIndex: true, originalIndex: index.manifest, selectedManifest },
    })
    expect(lines.at(-1)).toMatchObject({ aux: { Digest: amd64.manifest.digest } })
    expect(await engine.tagged('fresh')).toBe(amd64.manifest.digest)
    expect(engine.events.recent().at(-1)).toMatchObject({
      ...{ Action: 'push', Actor: { ID: `${fresh}:1`, Attributes: { name: fresh, of: 'linux/amd64' } } },
    })
  })

  test('with some images here, is not pushed elsewhere without a choice', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    await tag()
    const { lines } = await engine.ask('POST', `/images/${fresh}/push?tag=1`)
    const message = 'multiple matching manifests found but no specific platform requested'
    expect(lines.at(-1)).toEqual({ error: message, errorDetail: { message } })
    expect(await engine.tagged('fresh')).toBeNull()
    const arm64 = platformQuery('linux/arm64')
    const chosen = await engine.ask('POST', `/images/${fresh}/push?tag=1&platform=${arm64}`)
    expect(chosen.lines.at(-1)).toMatchObject({ aux: { Digest: engine.arm64.manifest.digest } })
    expect(await engine.tagged('fresh')).toBe(engine.arm64.manifest.digest)
    const absent = await engine.ask('POST', `/images/${fresh}/push?tag=1&platform=${platformQuery('linux/arm/v7')}`)
    const words = `image with reference ${fresh}:1 was found but does not provide the specified platform (linux/arm/v7)`
    expect(absent.lines.at(-1)).toEqual({ error: words, errorDetail: { message: words } })
  })

  test('with all images here, is pushed elsewhere with its digest and its attestations', async () => {
    await engine.pull('linux/amd64', 'linux/arm64', 'linux/arm/v7')
    await tag()
    const { lines } = await engine.ask('POST', `/images/${fresh}/push?tag=1`)
    expect(lines.at(-1)).toMatchObject({ aux: { Digest: engine.index.manifest.digest } })
    expect(await engine.tagged('fresh')).toBe(engine.index.manifest.digest)
    for (const { manifest } of engine.index.images) expect(await engine.tagged('fresh', manifest.digest)).not.toBeNull()
  })

  test('without an image here, is not pushed elsewhere', async () => {
    await engine.pull('linux/amd64')
    await tag()
    await engine.ask('DELETE', `/images/${fresh}:1?force=1&platforms=${platformQuery('linux/amd64')}`)
    const { lines } = await engine.ask('POST', `/images/${fresh}/push?tag=1`)
    const message = `image with reference ${fresh}:1 was found but does not provide any platform`
    expect(lines.at(-1)).toEqual({ error: message, errorDetail: { message } })
  })

  test('is saved whole, and loads with its digest, its names and all that was here', async () => {
    await engine.pull('linux/arm64', 'linux/arm/v7')
    const { name, index } = engine
    const before = await get('/images/json?manifests=1')
    const { bytes } = await engine.ask('GET', `/images/get?names=${name}`)
    await engine.ask('DELETE', `/images/${name}?force=1`)
    expect(await get('/images/json')).toEqual([])
    const loaded = await engine.ask('POST', '/images/load', { body: bytes })
    expect(loaded.lines).toEqual([{ stream: `Loaded image: ${name}\n` }])
    const [after] = Object(await get('/images/json?manifests=1'))
    const [{ Id, Size, Manifests }] = Object(before)
    expect(after).toMatchObject({ Id, Size, Manifests, Descriptor: index.manifest, RepoTags: [name] })
    expect(engine.events.recent().slice(-1)).toMatchObject([
      { Action: 'load', Actor: { ID: Id, Attributes: { name: Id } } },
    ])
  })

  test('is saved and loaded with several platforms since 1.52', async () => {
    await engine.pull('linux/amd64', 'linux/arm64', 'linux/arm/v7')
    const { name, amd64, arm64, index } = engine
    const two = `platform=${platformQuery('linux/amd64')}&platform=${platformQuery('linux/arm64')}`
    const older = 'multiple platform parameters are not supported in this API version; use API version 1.52 or later'
    const saved = await engine.ask('GET', `/v1.51/images/${name}/get?${two}`)
    expect([saved.status, saved.json]).toEqual([400, { message: older }])
    const { bytes } = await engine.ask('GET', `/images/${name}/get?${two}`)
    const all = await engine.ask('GET', `/images/${name}/get`)
    const refused = await engine.ask('POST', `/v1.51/images/load?${two}`, { body: all.bytes })
    expect([refused.status, refused.json]).toEqual([400, { message: older }])
    for (const archive of [bytes, all.bytes]) {
      await engine.ask('DELETE', `/images/${name}?force=1`)
      const loaded = await engine.ask('POST', `/images/load?${two}`, { body: archive })
      expect(loaded.lines).toEqual([{ stream: `Loaded image: ${name}\n` }])
      const [listed] = Object(await get('/images/json?manifests=1'))
      expect(listed.Descriptor).toEqual(index.manifest)
      const here = listed.Manifests.filter(({ Available, Kind }: Manifest) => Available && Kind === 'image')
      expect(here.map(({ ID }: Manifest) => ID)).toEqual([amd64.manifest.digest, arm64.manifest.digest])
    }
    const third = await engine.ask('POST', `/images/load?platform=${platformQuery('linux/arm/v7')}`, { body: bytes })
    expect(third.lines.at(-1)).toHaveProperty('errorDetail')
  })

  test('is saved as one image for one platform, which older versions ignore', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { name, arm64, index } = engine
    const query = `platform=${platformQuery('linux/arm64')}`
    const [one, ignored] = [
      await engine.ask('GET', `/v1.48/images/${name}/get?${query}`),
      await engine.ask('GET', `/v1.47/images/${name}/get?${query}`),
    ]
    await engine.ask('DELETE', `/images/${name}?force=1`)
    await engine.ask('POST', '/images/load', { body: one.bytes })
    expect(await get(`/images/${name}/json`)).toMatchObject({ Architecture: 'arm64', Descriptor: arm64.manifest })
    await engine.ask('DELETE', `/images/${name}?force=1`)
    await engine.ask('POST', '/images/load', { body: ignored.bytes })
    expect(await get(`/images/${name}/json`)).toMatchObject({ Architecture: 'amd64', Descriptor: index.manifest })
  })

  test('without an image for this machine, is loaded', async () => {
    await engine.pull('linux/arm64')
    const { name, index } = engine
    const { bytes } = await engine.ask('GET', `/images/${name}/get`)
    await engine.ask('DELETE', `/images/${name}?force=1`)
    const { lines } = await engine.ask('POST', '/images/load', { body: bytes })
    expect(lines).toEqual([{ stream: `Loaded image: ${name}\n` }])
    expect(await get(`/images/${name}/json`)).toMatchObject({ Architecture: 'arm64', Descriptor: index.manifest })
  })

  test('is not pulled for a platform that none of its images runs on', async () => {
    const v7 = await buildImage({ platform: { os: 'linux', architecture: 'arm', variant: 'v7' } })
    const name = await pushTestImage(engine.registry.host, 'v7', '1', buildIndex([v7]))
    const { status, text } = await engine.ask('POST', `/images/create?fromImage=${name}&platform=linux/arm/v6`)
    expect([status, text]).toEqual([404, expect.stringContaining('no matching manifest for linux/arm/v6')])
    const taken = await engine.ask('POST', `/images/create?fromImage=${name}&platform=linux/arm/v8`)
    expect(taken.lines.at(-1)).toEqual({ status: `Status: Downloaded newer image for ${name}` })
  })
})

interface Manifest {
  readonly ID: string
  readonly Kind: string
  readonly Available: boolean
}
