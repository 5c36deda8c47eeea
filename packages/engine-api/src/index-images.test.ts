import { buildImage, buildIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { IMAGE_IDS, platformQuery, startIndexEngine, type IndexEngine } from './test/stored-index.ts'
import { pushTestImage } from './test/push-image.ts'

describe.each(IMAGE_IDS)('an index with several images, with the ID of its %s', (imageId) => {
  let engine: IndexEngine
  beforeEach(async () => {
    engine = await startIndexEngine(imageId)
  })
  afterEach(async () => {
    expect(engine.errors).toEqual([])
    await engine[Symbol.asyncDispose]()
  })
  const get = async (path: string): Promise<unknown> => (await engine.ask('GET', path)).json
  const actions = (): unknown[] =>
    engine.events.recent().map(({ Action, Actor }) => [Action, Actor.ID, Actor.Attributes])

  test('stays one image when a second platform is pulled, and a prune takes nothing', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { name, index, amd64 } = engine
    const [RepoTags, Id] = [[name], engine.shownId(amd64)]
    expect(await get('/images/json')).toMatchObject([{ Id, RepoTags, Descriptor: index.manifest }])
    expect(await get('/images/json?filters={"dangling":["true"]}')).toEqual([])
    const pruned = await engine.ask('POST', '/images/prune')
    expect(pruned.json).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 })
    expect(await get(`/images/${name}/json?platform=${platformQuery('linux/arm64')}`)).toMatchObject({
      Architecture: 'arm64',
    })
  })

  test('is listed with what it has, and the sums are right', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { amd64, arm64, armV7, index } = engine
    const [listed] = (await engine.ask('GET', '/images/json?manifests=1')).lines
    const [first] = Array.isArray(listed) ? listed : []
    const manifests: { Size: { Content: number; Total: number } }[] = first.Manifests
    expect(manifests.map((each) => ({ ...each, Size: undefined }))).toMatchObject([
      { ID: amd64.manifest.digest, Kind: 'image', Available: true, ImageData: { Platform: amd64.platform } },
      { ID: arm64.manifest.digest, Kind: 'image', Available: true, ImageData: { Platform: arm64.platform } },
      { ID: armV7.manifest.digest, Kind: 'image', Available: false, ImageData: { Platform: armV7.platform } },
      { Kind: 'attestation', Available: true, AttestationData: { For: amd64.manifest.digest } },
      { Kind: 'attestation', Available: true, AttestationData: { For: arm64.manifest.digest } },
      { Kind: 'attestation', Available: false, AttestationData: { For: armV7.manifest.digest } },
    ])
    for (const { Size } of manifests) expect(Size.Total).toBe(Size.Content)
    const base = amd64.layers[0]?.descriptor.size ?? 0
    const sum = manifests.reduce((bytes, { Size }) => bytes + Size.Content, 0)
    expect(first.Size).toBe(sum - base)
    const own = (image: typeof amd64): number =>
      [image.manifest, image.config, ...image.layers.map(({ descriptor }) => descriptor)].reduce(
        (bytes, { size }) => bytes + size,
        0,
      )
    expect(manifests.map(({ Size }) => Size.Content).slice(0, 3)).toEqual([own(amd64), own(arm64), 0])
    const tars = amd64.layers.reduce((bytes, { tar }) => bytes + tar.byteLength, 0)
    const alone = imageId === 'config' ? tars : first.Size
    expect(await get('/images/json')).toMatchObject([{ Size: alone, Descriptor: index.manifest }])
  })

  test('is inspected with the descriptor of the index, or with that of a platform', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { name, index, amd64, arm64 } = engine
    expect(await get(`/images/${name}/json`)).toMatchObject({
      ...{ Id: engine.shownId(amd64), Architecture: 'amd64', Descriptor: index.manifest },
    })
    expect(await get(`/images/${name}/json`)).not.toHaveProperty('Descriptor.platform')
    const one = await get(`/images/${name}/json?platform=${platformQuery('linux/arm64')}`)
    expect(one).toMatchObject({
      Id: imageId === 'config' ? arm64.imageId : arm64.manifest.digest,
      Architecture: 'arm64',
      RepoTags: [name],
      Descriptor: { ...arm64.manifest, platform: { os: 'linux', architecture: 'arm64' } },
    })
    expect(await get(`/v1.48/images/${name}/json?platform=x`)).toMatchObject({ Architecture: 'amd64' })
  })

  test('is found by its own digest and by those of its images, and by the starts of them', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { name, index, amd64, arm64 } = engine
    const found = async (digest: string): Promise<unknown[]> => [await get(`/images/${digest}/json`)]
    for (const digest of [index.manifest.digest, amd64.manifest.digest, amd64.imageId]) {
      const same = { RepoTags: [name], Architecture: 'amd64', Id: engine.shownId(amd64) }
      expect(await found(digest)).toMatchObject([same])
      expect(await found(digest.slice(7, 19))).toMatchObject([same])
    }
    for (const digest of [arm64.manifest.digest, arm64.imageId]) {
      expect(await found(digest)).toMatchObject([{ RepoTags: [name], Architecture: 'arm64' }])
    }
    const none = `sha256:${'0'.repeat(64)}`
    expect(await found(none)).toEqual([{ message: `No such image: ${none}` }])
  })

  test('refuses platforms that contradict each other or are none, in the words of docker', async () => {
    await engine.pull()
    const { name } = engine
    const refused = async (method: string, path: string): Promise<unknown> => {
      const { status, json } = await engine.ask(method, path)
      return [status, Reflect.get(Object(json), 'message')]
    }
    const both = `manifests=1&platform=${platformQuery('linux/amd64')}`
    expect(await refused('GET', `/images/${name}/json?${both}`)).toEqual([
      400,
      'conflicting options: manifests and platform options cannot both be set',
    ])
    const noJson = "failed to parse platform: invalid character 'l' looking for beginning of value"
    for (const [method, path] of [
      ['GET', `/images/${name}/json?platform=linux/amd64`],
      ['GET', `/images/${name}/history?platform=linux/amd64`],
      ['GET', `/images/${name}/get?platform=linux/amd64`],
      ['POST', `/images/${name}/push?platform=linux/amd64`],
      ['POST', '/images/load?platform=linux/amd64'],
      ['DELETE', `/images/${name}?platforms=linux/amd64`],
      ['GET', `/images/${name}/attestations?platform=linux/amd64`],
    ] as const) {
      expect([path, await refused(method, path)]).toEqual([path, [400, noJson]])
    }
    const arm64 = platformQuery('linux/arm64')
    const missing = `image with reference ${name} was found but does not provide the specified platform (linux/arm64)`
    for (const path of ['json', 'history', 'get', 'attestations']) {
      expect([path, await refused('GET', `/images/${name}/${path}?platform=${arm64}`)]).toEqual([path, [404, missing]])
    }
    const half = encodeURIComponent('{"os":"linux"}')
    expect(await refused('GET', `/images/${name}/json?platform=${half}`)).toEqual([
      400,
      'both OS and Architecture must be provided',
    ])
  })

  test('has the history of each platform', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { name } = engine
    const history = (query = ''): Promise<unknown> => get(`/images/${name}/history${query}`)
    expect(await history()).toHaveLength(2)
    expect(await history(`?platform=${platformQuery('linux/arm64')}`)).toMatchObject([{ Tags: [name] }, {}])
  })

  test('loses one platform by force, and keeps its names and the other platforms', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { name, arm64, amd64 } = engine
    await engine.ask('POST', `/images/${name}/tag?repo=mine&tag=1`)
    const before = actions().length
    const platforms = `platforms=${platformQuery('linux/arm64')}`
    const unforced = await engine.ask('DELETE', `/images/${name}?${platforms}`)
    expect([unforced.status, unforced.json]).toEqual([
      400,
      { message: 'Content will be removed from all images referencing this variant. Use —-force to force delete.' },
    ])
    const forced = await engine.ask('DELETE', `/images/${name}?force=1&${platforms}`)
    expect([forced.status, forced.json]).toEqual([200, [{ Deleted: arm64.manifest.digest }]])
    expect(actions()).toHaveLength(before)
    const RepoTags = expect.arrayContaining([name, 'mine:1'])
    expect(await get('/images/json')).toMatchObject([{ Id: engine.shownId(amd64), RepoTags }])
    const again = await engine.ask('DELETE', `/images/${name}?force=1&${platforms}`)
    const words = 'failed to delete platform linux/arm64 for image'
    expect([again.status, again.text]).toEqual([404, expect.stringContaining(words)])
    expect(again.text).toContain('was found but does not provide any platform')
    const all = (await engine.ask('DELETE', `/v1.49/images/${name}?${platforms}`)).json
    expect(all).toContainEqual({ Untagged: name })
  })

  test('is shown without a platform once its last one is gone, and a pull fills it again', async () => {
    await engine.pull('linux/amd64')
    const { name, index } = engine
    await engine.ask('DELETE', `/images/${name}?force=1&platforms=${platformQuery('linux/amd64')}`)
    const empty = { Id: index.manifest.digest, RepoTags: [name], Descriptor: index.manifest }
    expect(await get('/images/json')).toMatchObject([empty])
    expect(await get(`/images/${name}/json`)).toMatchObject({ ...empty, Architecture: '', Os: '', Size: 0 })
    await engine.pull('linux/amd64')
    expect(await get(`/images/${name}/json`)).toMatchObject({ Architecture: 'amd64' })
  })

  test('goes with its last name, and events say what went', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { name, index, amd64, arm64 } = engine
    const id = engine.shownId(amd64)
    const digest = `${name.slice(0, -2)}@${index.manifest.digest}`
    await engine.ask('POST', `/images/${index.manifest.digest}/tag?repo=mine&tag=1`)
    const conflict = await engine.ask('DELETE', `/images/${id}`)
    const words = `conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`
    expect([conflict.status, conflict.json]).toEqual([409, { message: words }])
    expect((await engine.ask('DELETE', `/images/${name}`)).json).toEqual([{ Untagged: name }, { Untagged: digest }])
    const part = await engine.ask('DELETE', `/images/${arm64.imageId}`)
    expect([part.status, part.text]).toEqual([409, expect.stringContaining('Cannot remove linux/arm64')])
    const removed = (await engine.ask('DELETE', `/images/${index.manifest.digest}`)).json
    expect(removed).toEqual(expect.arrayContaining([{ Untagged: 'mine:1' }, { Deleted: id }]))
    expect(await get('/images/json')).toEqual([])
    const labels = { of: 'linux/amd64' }
    expect(actions().slice(2)).toEqual([
      ['tag', id, { ...labels, name: 'mine:1' }],
      ['untag', id, { ...labels, name }],
      ['untag', id, { ...labels, name: digest }],
      ['untag', id, { ...labels, name: 'mine:1' }],
      ['delete', id, { name: id }],
    ])
  })

  test('is untagged when its tag moves, and a prune deletes it', async () => {
    await engine.pull('linux/amd64', 'linux/arm64')
    const { name, amd64, registry } = engine
    const id = engine.shownId(amd64)
    const other = buildIndex([await buildImage()])
    await pushTestImage(registry.host, 'multi', '1', other)
    await engine.pull('linux/amd64')
    expect(await get('/images/json?filters={"dangling":["true"]}')).toMatchObject([{ Id: id, RepoTags: [] }])
    const { ImagesDeleted, SpaceReclaimed } = Object((await engine.ask('POST', '/images/prune')).json)
    expect(ImagesDeleted).toContainEqual({ Deleted: id })
    expect(SpaceReclaimed).toBeGreaterThan(6000)
    expect(await get('/images/json')).toMatchObject([{ RepoTags: [name] }])
    expect(engine.events.recent().at(-1)).toMatchObject({
      Action: 'prune',
      Actor: { Attributes: { reclaimed: String(SpaceReclaimed) } },
    })
  })

  test('pulled by its digest, is listed and kept', async () => {
    const { name, index, amd64 } = engine
    const digest = `${name.slice(0, -2)}@${index.manifest.digest}`
    await engine.ask('POST', `/images/create?fromImage=${encodeURIComponent(digest)}`)
    const Id = engine.shownId(amd64)
    expect(await get('/v1.52/images/json')).toMatchObject([{ Id, RepoTags: [digest], RepoDigests: [digest] }])
    expect(await get('/v1.51/images/json')).toMatchObject([{ Id, RepoTags: [], RepoDigests: [digest] }])
    expect(await get(`/images/${Id}/json`)).toMatchObject({ RepoTags: [digest] })
    expect((await engine.ask('POST', '/images/prune')).json).toMatchObject({ ImagesDeleted: null })
    expect(await get('/images/json?filters={"dangling":["true"]}')).toEqual([])
    expect((await engine.ask('DELETE', `/images/${encodeURIComponent(digest)}`)).json).toContainEqual({ Deleted: Id })
  })

  test('matches patterns of its full name', async () => {
    await engine.pull()
    const { name, registry } = engine
    await engine.ask('POST', `/images/${name}/tag?repo=x&tag=1`)
    for (const pattern of ['x', 'docker.io/library/x', 'docker.io/library/x:*', 'x:*', `${registry.host}/multi`]) {
      const filters = encodeURIComponent(JSON.stringify({ reference: [pattern] }))
      expect([pattern, await get(`/images/json?filters=${filters}`)]).toMatchObject([pattern, [{}]])
    }
    expect(await get('/images/json?filters={"reference":["docker.io/library/y"]}')).toEqual([])
  })

  test('counts once in the disk usage, which never frees more than there is', async () => {
    await engine.pull('linux/amd64', 'linux/arm64', 'linux/arm/v7')
    const zeros = await buildImage({ layers: [[{ path: 'zeros', content: new Uint8Array(300_000) }]] })
    const name = await pushTestImage(engine.registry.host, 'zeros', '1', zeros)
    await engine.ask('POST', `/images/create?fromImage=${name}`)
    const { LayersSize, Images, ImageUsage } = Object(await get('/v1.52/system/df'))
    const alone = Images.reduce(
      (sum: number, each: { Size: number; SharedSize: number }) => sum + each.Size - each.SharedSize,
      0,
    )
    expect(ImageUsage).toEqual({ TotalCount: 2, TotalSize: LayersSize, Reclaimable: alone })
    expect(alone).toBeLessThanOrEqual(LayersSize)
    expect(alone + engine.index.manifest.size).toBe(LayersSize)
    expect(Images.map(({ Containers }: { Containers: number }) => Containers)).toEqual([0, 0])
    const { ImageUsage: verbose } = Object(await get('/v1.52/system/df?verbose=1'))
    expect(verbose).toEqual({ ...ImageUsage, Items: Images })
    expect(await get('/v1.47/system/df')).not.toHaveProperty('Images.0.Descriptor')
  })

  test('gives the statements about an image since 1.55', async () => {
    await engine.pull('linux/amd64')
    const { name, amd64 } = engine
    const type = 'https://slsa.dev/provenance/v0.2'
    const [statement] = Array.isArray(await get(`/images/${name}/attestations`))
      ? Object(await get(`/images/${name}/attestations`))
      : []
    expect(statement).toEqual({
      Descriptor: expect.objectContaining({ annotations: { 'in-toto.io/predicate-type': type } }),
      PredicateType: type,
    })
    const subject = [{ name: 'test', digest: { sha256: amd64.manifest.digest.slice(7) } }]
    expect(await get(`/images/${name}/attestations?statement=1&type=${type}`)).toMatchObject([
      { PredicateType: type, Statement: { subject, predicateType: type } },
    ])
    expect(await get(`/images/${name}/attestations?type=other`)).toEqual([])
    expect((await engine.ask('GET', `/v1.54/images/${name}/attestations`)).status).toBe(400)
    const alone = await pushTestImage(engine.registry.host, 'alone', '1', amd64)
    await engine.ask('POST', `/images/create?fromImage=${alone}`)
    expect(await get(`/images/${alone}/attestations`)).toEqual([])
  })
})
