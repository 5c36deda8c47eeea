import { encodeText } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { DEFAULT_LEASE_MS } from '@drayage/image-store'
import {
  decodeImageConfig,
  encodeSchema1,
  MEDIA_TYPES,
  schema1EmptyLayer,
  signSchema1,
  type Descriptor,
} from '@drayage/manifest'
import { parseReference, parseRepository } from '@drayage/reference'
import { createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, buildIndex, tempDir, type TempDir, type TestImage, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { saveImages } from '../archives/save-images.ts'
import { copyImage } from '../copy/copy-images.ts'
import { imageHistory } from '../images/image-history.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { listImages } from '../images/list-images.ts'
import { pruneImages } from '../images/prune-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { pushAllTags } from '../images/push-image.ts'
import { removeImage } from '../images/remove-image.ts'
import { sweepStore } from '../images/sweep-store.ts'
import { tagImage } from '../images/tag-image.ts'
import type { Runtime } from '../runtime.ts'
import { openRegistryStorage } from './registry-storage.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { STORE_KINDS, testStore } from '../test/test-store.ts'

/** A manifest and the blobs that it refers to. */
interface Pushed {
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly blobs: readonly Uint8Array[]
}

const describeBytes = (mediaType: string, bytes: Uint8Array): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
})

/** A manifest with a config and layers of these types. */
function artifact(configType: string, config: string, layers: readonly (readonly [string, string])[]): Pushed {
  const blobs = [config, ...layers.map(([, text]) => text)].map(encodeText)
  const [first = new Uint8Array(), ...rest] = blobs
  const mediaType = MEDIA_TYPES.ociManifest
  const descriptors = rest.map((bytes, at) => describeBytes(layers[at]?.[0] ?? '', bytes))
  const document = { schemaVersion: 2, mediaType, config: describeBytes(configType, first), layers: descriptors }
  return { mediaType, bytes: encodeText(JSON.stringify(document)), blobs }
}

/** The config of an image whose layers are these texts, uncompressed. */
const imageConfig = (platform: object, ...layers: readonly string[]): string =>
  JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: layers.map((text) => digestOf(text)) } })

const LINUX = { os: 'linux', architecture: 'amd64' }
const STATEMENT = '{"_type":"https://in-toto.io/Statement/v0.1"}'

const pushed = ({ manifest, manifestBytes, blobs }: TestImage): Pushed => ({
  mediaType: manifest.mediaType,
  bytes: manifestBytes,
  blobs: [...blobs].filter(([digest]) => digest !== manifest.digest).map(([, bytes]) => bytes),
})

const APP = parseRepository('app')

const NO_IMAGES: readonly [string, () => Promise<Pushed>][] = [
  [
    'a signature with the config of an image',
    async () =>
      artifact(MEDIA_TYPES.ociConfig, imageConfig(LINUX, '{"critical":{}}'), [
        ['application/vnd.dev.cosign.simplesigning.v1+json', '{"critical":{}}'],
      ]),
  ],
  [
    'an attestation with the config of an image',
    async () =>
      artifact(MEDIA_TYPES.ociConfig, imageConfig({ os: 'unknown', architecture: 'unknown' }, STATEMENT), [
        ['application/vnd.in-toto+json', STATEMENT],
      ]),
  ],
  [
    'a Wasm module',
    async () => artifact('application/vnd.wasm.config.v0+json', '{}', [['application/wasm', '\0asm\x01\0\0\0']]),
  ],
  [
    'a helm chart',
    async () =>
      artifact('application/vnd.cncf.helm.config.v1+json', '{"name":"chart"}', [
        ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'chart'],
      ]),
  ],
  ['an artifact with an empty config', async () => artifact(MEDIA_TYPES.ociEmpty, '{}', [['text/plain', 'hello']])],
  [
    'an image whose DiffIDs are made up',
    async () => {
      const diffIds = (await buildImage({ layers: [[{ path: 'other' }]] })).layers.map((layer) => layer.diffId)
      return pushed(await buildImage({ config: { rootfs: { type: 'layers', diff_ids: diffIds } } }))
    },
  ],
  [
    'an image with fewer DiffIDs than layers',
    async () => pushed(await buildImage({ config: { rootfs: { type: 'layers', diff_ids: [] } } })),
  ],
  [
    'an image whose config is no JSON',
    async () => artifact(MEDIA_TYPES.ociConfig, 'no JSON', [[MEDIA_TYPES.ociLayer, 'no tar']]),
  ],
]

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let runtime: Runtime
  let served: HttpServer
  /** How far the clock of the store is ahead. */
  let aheadMs: number

  beforeEach(async () => {
    directory = await tempDir()
    aheadMs = 0
    const store = testStore(kind, directory.path, { now: () => Date.now() + aheadMs }).opener
    runtime = await openTestRuntime(directory.path, { store })
    const storage = await openRegistryStorage(runtime)
    served = await serve(createRegistryHandler({ storage, sparse: true }), { graceMs: 0 })
  })
  afterEach(async () => {
    expect(await findFaults(await runtime.openStore())).toEqual([])
    for (const each of [served, runtime, directory]) await each[Symbol.asyncDispose]()
  })

  const send = async (method: string, path: string, body: Uint8Array, type?: string): Promise<number> => {
    const headers = type === undefined ? {} : { 'content-type': type }
    const answer = await fetch(`${served.url}/v2/${path}`, { method, headers, body: new Uint8Array(body) })
    await answer.arrayBuffer()
    return answer.status
  }

  async function push(name: string, { mediaType, bytes, blobs }: Pushed): Promise<void> {
    const [repository, tag] = name.split(':')
    for (const blob of blobs) {
      expect(await send('POST', `${repository}/blobs/uploads/?digest=${digestOf(blob)}`, blob)).toBe(201)
    }
    expect(await send('PUT', `${repository}/manifests/${tag}`, bytes, mediaType)).toBe(201)
  }

  /** Pushes an index, of its images only those that are given. */
  async function pushIndex(name: string, index: TestIndex, images: TestIndex['images']): Promise<void> {
    const [repository] = name.split(':')
    for (const image of images) {
      if ('images' in image) continue
      const { mediaType, bytes, blobs } = pushed(image)
      for (const blob of blobs) await send('POST', `${repository}/blobs/uploads/?digest=${digestOf(blob)}`, blob)
      expect(await send('PUT', `${repository}/manifests/${image.manifest.digest}`, bytes, mediaType)).toBe(201)
    }
    await push(name, { mediaType: index.manifest.mediaType, bytes: index.manifestBytes, blobs: [] })
  }

  /** What a tag or a digest gives; the status where that is no success. */
  async function pull(name: string): Promise<Uint8Array | number> {
    const [repository, ...tag] = name.split(':')
    const answer = await fetch(`${served.url}/v2/${repository}/manifests/${tag.join(':')}`)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    return answer.status === 200 ? bytes : answer.status
  }

  /** What lists say of something: the ID and the tags, sorted by these. */
  const listed = async (): Promise<unknown[]> =>
    (await listImages(runtime))
      .toSorted((a, b) => (a.RepoTags.join() < b.RepoTags.join() ? -1 : 1))
      .map(({ Id, RepoTags }) => [Id, RepoTags] as const)

  test.each(NO_IMAGES)('%s is tagged and served as it was pushed, and is no image', async (_, make) => {
    const what = await make()
    const { digest } = describeBytes(what.mediaType, what.bytes)
    await push('app:1', what)
    expect(await pull('app:1')).toEqual(what.bytes)
    expect(await listed()).toEqual([[digest, ['app:1']]])
    const [stored] = await (await runtime.openStore()).images.list()
    expect(stored?.platforms).toEqual([])
    const kept = stored?.others.flatMap(({ manifest, parts }) => [manifest, ...parts]).map((part) => part.digest)
    expect(kept?.toSorted()).toEqual([digest, ...what.blobs.map((blob) => digestOf(blob))].toSorted())
    const refused = { code: 'ERR_NOT_AN_IMAGE', message: expect.stringContaining('"app:1"') }
    await expect(inspectImage(runtime, 'app:1')).rejects.toMatchObject(refused)
    await expect(imageHistory(runtime, 'app:1')).rejects.toMatchObject(refused)
    await tagImage(runtime, 'app:1', 'app:2')
    expect(await pull('app:2')).toEqual(what.bytes)
    const output = `${directory.path}/out.tar`
    await expect(saveImages(runtime, ['app:1'], { output, format: 'docker-archive' })).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_/) as string,
    })
    expect(await listed()).toEqual([[digest, ['app:1', 'app:2']]])
  })

  test.each(NO_IMAGES)(
    '%s stays while a tag stands for it, is copied as it is, and goes with its tag',
    async (_, make) => {
      const what = await make()
      await push('app:1', what)
      aheadMs = 3 * DEFAULT_LEASE_MS
      await pruneImages(runtime)
      await sweepStore(runtime)
      expect(await pull('app:1')).toEqual(what.bytes)
      await using registry = await startRegistry()
      await copyImage(runtime, 'store:app:1', `docker://${registry.host}/copied:1`, { all: true })
      const copy = await fetch(`http://${registry.host}/v2/copied/manifests/1`)
      expect(new Uint8Array(await copy.arrayBuffer())).toEqual(what.bytes)
      const { digest } = describeBytes(what.mediaType, what.bytes)
      expect(await removeImage(runtime, 'app:1')).toEqual([
        ...[{ Untagged: 'app:1' }, { Untagged: `app@${digest}` }],
        { Deleted: digest },
      ])
      await sweepStore(runtime)
      expect(await pull('app:1')).toBe(404)
      const { content } = await runtime.openStore()
      const left = await Array.fromAsync(content.list())
      expect(left).toEqual([])
    },
  )

  test('a tag that moves from an image to an artifact and back leaves the image', async () => {
    const image = await buildImage()
    const chart = artifact('application/vnd.cncf.helm.config.v1+json', '{}', [['text/plain', 'x']])
    await push('app:1', pushed(image))
    await push('app:1', chart)
    expect(await listed()).toEqual([
      [image.imageId, []],
      [digestOf(chart.bytes), ['app:1']],
    ])
    await expect(inspectImage(runtime, 'app:1')).rejects.toMatchObject({ code: 'ERR_NOT_AN_IMAGE' })
    await push('app:1', pushed(image))
    expect((await inspectImage(runtime, 'app:1')).Id).toBe(image.imageId)
    expect(await listed()).toEqual([
      [digestOf(chart.bytes), []],
      [image.imageId, ['app:1']],
    ])
    expect((await pruneImages(runtime)).removed).toEqual([
      { Untagged: `app@${digestOf(chart.bytes)}` },
      { Deleted: digestOf(chart.bytes) },
    ])
  })

  test('all tags of a repository are saved without, and pushed with, those that are no images', async () => {
    const image = await buildImage()
    await push('team/app:1', pushed(image))
    await push('team/app:sig', artifact(MEDIA_TYPES.ociEmpty, '{}', [['text/plain', 'x']]))
    const output = `${directory.path}/out.tar`
    await saveImages(runtime, ['team/app'], { output, format: 'oci-archive' })
    await using registry = await startRegistry()
    const { images } = await runtime.openStore()
    for (const tag of ['1', 'sig']) {
      const target = await images.resolve(parseReference(`docker.io/team/app:${tag}`))
      await images.setNames([{ name: parseReference(`${registry.host}/app:${tag}`), target }])
    }
    expect((await pushAllTags(runtime, `${registry.host}/app`)).map(({ reference }) => reference.tag)).toEqual([
      ...['1', 'sig'],
    ])
  })

  test('an image that came without a layer is one once the layer is here', async () => {
    const image = await buildImage()
    const { mediaType, bytes, blobs } = pushed(image)
    const isLayer = (blob: Uint8Array): boolean => digestOf(blob) === image.layers[0]?.descriptor.digest
    await push('app:1', { mediaType, bytes, blobs: blobs.filter((blob) => !isLayer(blob)) })
    expect(await pull('app:1')).toEqual(bytes)
    await expect(inspectImage(runtime, 'app:1')).rejects.toMatchObject({
      code: 'ERR_NOT_AN_IMAGE',
      message: expect.stringContaining(image.layers[0]?.descriptor.digest ?? ''),
    })
    for (const blob of blobs.filter(isLayer)) {
      expect(await send('POST', `app/blobs/uploads/?digest=${digestOf(blob)}`, blob)).toBe(201)
    }
    expect((await inspectImage(runtime, 'app:1')).Id).toBe(image.imageId)
    expect((await listImages(runtime)).map(({ RepoTags }) => RepoTags)).toEqual([['app:1']])
  })

  test('an index without its images is kept, and the image for this platform is there once it is here', async () => {
    const image = await buildImage()
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const index: TestIndex = buildIndex([arm, image])
    await push('app:1', { mediaType: index.manifest.mediaType, bytes: index.manifestBytes, blobs: [] })
    await expect(inspectImage(runtime, 'app:1')).rejects.toMatchObject({ code: 'ERR_PLATFORM_NOT_FOUND' })
    for (const blob of pushed(image).blobs) {
      await send('POST', `app/blobs/uploads/?digest=${digestOf(blob)}`, blob)
    }
    const path = `app/manifests/${image.manifest.digest}`
    expect(await send('PUT', path, image.manifestBytes, image.manifest.mediaType)).toBe(201)
    expect((await inspectImage(runtime, 'app:1')).Id).toBe(image.imageId)
    expect(await pull('app:1')).toEqual(index.manifestBytes)
  })

  test('an index for other platforms shows the image that it is asked for', async () => {
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const index = buildIndex([arm])
    await pushIndex('arm:all', index, [arm])
    const missing = inspectImage(runtime, 'arm:all', { platform: { os: 'linux', architecture: 's390x' } })
    await expect(missing).rejects.toMatchObject({ code: 'ERR_PLATFORM_NOT_FOUND' })
    const { platform } = arm
    expect((await inspectImage(runtime, 'arm:all', { platform })).Id).toBe(arm.imageId)
    // It is an image from then on.
    expect((await inspectImage(runtime, 'arm:all')).Id).toBe(arm.imageId)
    expect(await listed()).toEqual([[arm.imageId, ['arm:all']]])
  })

  describe('an index of three images with their attestations', () => {
    let images: TestImage[]
    let index: TestIndex

    beforeEach(async () => {
      images = await Promise.all(
        ['amd64', 'arm64', 's390x'].map((architecture) =>
          buildImage({ platform: { os: 'linux', architecture }, config: { author: architecture } }),
        ),
      )
      index = buildIndex(images, { attested: true })
    })

    const partsOf = async (): Promise<{ readonly platforms: string[]; readonly others: string[] }> => {
      const [stored] = await (await runtime.openStore()).images.list()
      const platforms = stored?.platforms.map(({ platform }) => platform.architecture) ?? []
      return { platforms, others: stored?.others.map(({ manifest }) => manifest.digest) ?? [] }
    }

    test('is kept whole, and each image is one when it is asked for', async () => {
      await pushIndex('app:1', index, index.images)
      const attestations = index.images.slice(3).map(({ manifest }) => manifest.digest as string)
      const [, arm64, s390x] = images
      expect((await partsOf()).platforms).toEqual(['amd64'])
      expect((await partsOf()).others.toSorted()).toEqual(
        [arm64?.manifest.digest, s390x?.manifest.digest, ...attestations].toSorted(),
      )
      aheadMs = 3 * DEFAULT_LEASE_MS
      await sweepStore(runtime)
      expect(await pull('app:1')).toEqual(index.manifestBytes)
      for (const { manifest, manifestBytes, blobs } of index.images) {
        expect(await pull(`app:${manifest.digest}`)).toEqual(manifestBytes)
        for (const digest of blobs.keys()) {
          if (digest === manifest.digest) continue
          expect((await fetch(`${served.url}/v2/app/blobs/${digest}`)).status).toBe(200)
        }
      }
      const platform = arm64?.platform
      expect((await inspectImage(runtime, 'app:1', { platform })).Descriptor).toMatchObject(arm64?.manifest ?? {})
      expect((await partsOf()).platforms.toSorted()).toEqual(['amd64', 'arm64'])
      expect((await partsOf()).others.toSorted()).toEqual([s390x?.manifest.digest, ...attestations].toSorted())
      expect((await pruneImages(runtime)).removed).toEqual([])
    })

    test('is needed without the records of the repository', async () => {
      await pushIndex('app:1', index, index.images)
      const store = await runtime.openStore()
      // As in a store whose database was lost: what the endpoint held is not in the journal.
      for (const { manifest, blobs } of index.images) {
        for (const digest of blobs.keys()) {
          await store.holdings.drop(digest === manifest.digest ? 'manifest' : 'blob', APP, digest)
        }
      }
      aheadMs = 3 * DEFAULT_LEASE_MS
      await sweepStore(runtime)
      for (const [digest, bytes] of index.blobs) {
        expect(await store.content.has({ mediaType: 'x/y', digest, size: bytes.byteLength })).toBe(true)
      }
    })

    test('keeps what is here when the rest was not pushed, and serves no more', async () => {
      await pushIndex('app:1', index, index.images.slice(0, 2))
      const [amd64, arm64, s390x] = images
      expect(await partsOf()).toEqual({ platforms: ['amd64'], others: [arm64?.manifest.digest] })
      expect(await pull('app:1')).toEqual(index.manifestBytes)
      expect(await pull(`app:${amd64?.manifest.digest}`)).toEqual(amd64?.manifestBytes)
      expect(await pull(`app:${s390x?.manifest.digest}`)).toBe(404)
      await expect(inspectImage(runtime, 'app:1', { platform: s390x?.platform })).rejects.toMatchObject({
        code: 'ERR_PLATFORM_NOT_FOUND',
      })
    })

    test('that was pulled in part is served in part', async () => {
      await using registry = await startRegistry()
      const name = await registry.push('app', '1', index)
      await pullImage(runtime, name)
      await tagImage(runtime, name, 'app:1')
      const [amd64, arm64] = images
      expect(await pull('app:1')).toEqual(index.manifestBytes)
      expect(await pull(`app:${amd64?.manifest.digest}`)).toEqual(amd64?.manifestBytes)
      const missing = await fetch(`${served.url}/v2/app/manifests/${arm64?.manifest.digest}`)
      expect([missing.status, await missing.json()]).toMatchObject([404, { errors: [{ code: 'MANIFEST_UNKNOWN' }] }])
    })

    test('is not deleted in part while a name needs it, and goes with its tag', async () => {
      await pushIndex('app:1', index, index.images)
      for (const { manifest, blobs } of index.images) {
        const [blob] = blobs.keys()
        for (const path of [`manifests/${manifest.digest}`, `blobs/${blob}`]) {
          expect([path, await send('DELETE', `app/${path}`, new Uint8Array())]).toEqual([path, 405])
        }
      }
      await removeImage(runtime, 'app:1')
      aheadMs = 3 * DEFAULT_LEASE_MS
      await sweepStore(runtime)
      const { content } = await runtime.openStore()
      expect(await Array.fromAsync(content.list())).toEqual([])
    })
  })

  test('an image that is tagged by a sha512 digest is one', async () => {
    const image = await buildImage()
    const { mediaType, bytes, blobs } = pushed(image)
    const digest = digestOf(bytes, 'sha512')
    for (const blob of blobs) await send('POST', `app/blobs/uploads/?digest=${digestOf(blob)}`, blob)
    expect(await send('PUT', `app/manifests/${digest}?tag=1&tag=2`, bytes, mediaType)).toBe(201)
    const { Id, RepoTags, Descriptor: descriptor } = await inspectImage(runtime, 'app:2')
    expect([Id, RepoTags, descriptor.digest]).toEqual([image.imageId, ['app:1', 'app:2'], digest])
    await using other = await openTestRuntime(`${directory.path}/other`)
    expect((await pullImage(other, `${served.host}/app:1`)).image).toBe(image.imageId)
  })

  test('a build cache, which is an index of layers, is kept whole', async () => {
    const layers = ['layer 1', 'layer 2'].map(encodeText)
    const config = encodeText('{"layers":[]}')
    const index = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociIndex,
      manifests: [
        ...layers.map((bytes) => describeBytes(MEDIA_TYPES.ociLayer, bytes)),
        describeBytes('application/vnd.buildkit.cacheconfig.v0', config),
      ],
    }
    const bytes = encodeText(JSON.stringify(index))
    await push('cache:1', { mediaType: MEDIA_TYPES.ociIndex, bytes, blobs: [...layers, config] })
    await expect(inspectImage(runtime, 'cache:1')).rejects.toMatchObject({ code: 'ERR_PLATFORM_NOT_FOUND' })
    aheadMs = 3 * DEFAULT_LEASE_MS
    await sweepStore(runtime)
    expect(await pull('cache:1')).toEqual(bytes)
    for (const blob of [...layers, config]) {
      expect((await fetch(`${served.url}/v2/cache/blobs/${digestOf(blob)}`)).status).toBe(200)
    }
    await using registry = await startRegistry()
    await copyImage(runtime, 'store:cache:1', `docker://${registry.host}/cache:1`, { all: true })
  })

  test('null lists and maps are empty ones', async () => {
    const config = encodeText('{}')
    const document = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: describeBytes(MEDIA_TYPES.ociEmpty, config),
      layers: null,
      annotations: null,
    }
    const bytes = encodeText(JSON.stringify(document))
    await push('app:1', { mediaType: MEDIA_TYPES.ociManifest, bytes, blobs: [config] })
    const none = encodeText(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: null }))
    await push('app:2', { mediaType: MEDIA_TYPES.ociIndex, bytes: none, blobs: [] })
    expect([await pull('app:1'), await pull('app:2')]).toEqual([bytes, none])
  })

  test('an image with a foreign layer is served, and is none until the layer is here', async () => {
    const image = await buildImage()
    const far = { ...describeBytes(MEDIA_TYPES.dockerForeignLayer, encodeText('far')), urls: ['https://far.example/l'] }
    const layers = [far, ...image.manifestValue.layers]
    const bytes = encodeText(JSON.stringify({ ...image.manifestValue, layers }))
    await push('windows:1', { ...pushed(image), bytes })
    expect(await pull('windows:1')).toEqual(bytes)
    await expect(inspectImage(runtime, 'windows:1')).rejects.toMatchObject({ code: 'ERR_NOT_AN_IMAGE' })
  })

  /** An image as signed schema 1, which has the empty layer among its layers. */
  async function signedImage(): Promise<Pushed> {
    const image = await buildImage()
    const config = decodeImageConfig(image.configBytes)
    const { bytes: payload } = encodeSchema1(image.manifestValue, config, { name: 'app', tag: '1' })
    const bytes = await signSchema1(payload)
    return { mediaType: MEDIA_TYPES.schema1Signed, bytes, blobs: [...pushed(image).blobs, schema1EmptyLayer()] }
  }

  test('signed schema 1 is an image, and is served with its signatures, also after a sweep', async () => {
    const signed = await signedImage()
    await push('app:1', signed)
    const [listed] = await listImages(runtime)
    expect(listed).toMatchObject({ RepoTags: ['app:1'] })
    expect(await inspectImage(runtime, 'app:1')).toMatchObject({ Id: listed?.Id })
    aheadMs = 3 * DEFAULT_LEASE_MS
    await sweepStore(runtime)
    expect(await pull('app:1')).toEqual(signed.bytes)
    await using other = await openTestRuntime(`${directory.path}/other`)
    expect((await pullImage(other, `${served.host}/app:1`)).image).toBe(listed?.Id)
  })

  test('signed schema 1 that was pulled is served with its signatures, by its tag and its digest', async () => {
    const signed = await signedImage()
    await using registry = await startRegistry()
    for (const blob of signed.blobs) {
      await fetch(`http://${registry.host}/v2/old/blobs/uploads/?digest=${digestOf(blob)}`, {
        method: 'POST',
        body: new Uint8Array(blob),
      })
    }
    const headers = { 'content-type': signed.mediaType }
    const body = new Uint8Array(signed.bytes)
    expect((await fetch(`http://${registry.host}/v2/old/manifests/1`, { method: 'PUT', headers, body })).status).toBe(
      201,
    )
    const { digest } = await pullImage(runtime, `${registry.host}/old:1`)
    await tagImage(runtime, `${registry.host}/old:1`, 'kept:1')
    expect(await pull('kept:1')).toEqual(signed.bytes)
    const answer = await fetch(`${served.url}/v2/kept/manifests/${digest}`)
    expect(answer.headers.get('content-type')).toBe(MEDIA_TYPES.schema1Signed)
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(signed.bytes)
  })

  test('signed schema 1 that contradicts itself is served with its signatures, and is no image', async () => {
    const layer = encodeText('no tar')
    const v1Compatibility = JSON.stringify({ id: 'a', os: 'linux' })
    const document = {
      ...{ schemaVersion: 1, name: 'app', tag: '1', architecture: 'amd64' },
      fsLayers: [{ blobSum: digestOf(layer) }],
      history: [{ v1Compatibility }],
    }
    const bytes = await signSchema1(encodeText(JSON.stringify(document, undefined, 3)))
    expect(await send('POST', `app/blobs/uploads/?digest=${digestOf(layer)}`, layer)).toBe(201)
    expect(await send('PUT', 'app/manifests/1', bytes, MEDIA_TYPES.schema1Signed)).toBe(201)
    expect(await listed()).toEqual([[expect.anything(), ['app:1']]])
    await expect(inspectImage(runtime, 'app:1')).rejects.toMatchObject({
      code: 'ERR_NOT_AN_IMAGE',
      message: expect.stringContaining('image ID "a" is invalid'),
    })
    expect(await pull('app:1')).toEqual(bytes)
  })

  test('a pull beside it brings what was pushed', async () => {
    const image = await buildImage()
    await push('team/app:1', pushed(image))
    await using other = await openTestRuntime(`${directory.path}/other`)
    expect((await pullImage(other, `${served.host}/team/app:1`)).image).toBe(image.imageId)
  })
})
