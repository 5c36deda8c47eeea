import { decodeText, encodeText, fromBytes } from '@drayage/bytes'
import { createMemoryStore, readBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { decodeManifest, encodeManifest, MEDIA_TYPES, signedBytesOf } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildLayer, describe as describeBytes, type TestLayer } from '@drayage/testkit'
import { beforeEach, describe, expect, test } from 'vitest'

import {
  convert,
  copy,
  holdsSchema1,
  planCopy,
  pull,
  selectCopy,
  type DistributionEvent,
  type PullOptions,
} from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import {
  buildSchema1,
  schema1Registry,
  stepId,
  type Schema1Registry,
  type TestSchema1,
} from '../test/schema1-registry.ts'
import { push, refusal } from '../test/test-registry.ts'
import { testStore } from '../test/test-store.ts'

const from = parseReference('registry.test/repo:v1')
const to = parseReference('registry.test/copy:v2')
const retry = { attempts: 5, stepMs: 0 }
const options: PullOptions = { platform: { os: 'linux', architecture: 'amd64' }, retry }
const PREFIX = 'GET /v2/repo/blobs/'

let base: TestLayer
let top: TestLayer
let image: TestSchema1
let registry: Schema1Registry

beforeEach(async () => {
  base = await buildLayer([{ path: 'base', content: 'a' }])
  top = await buildLayer([{ path: 'top', content: 'b' }])
  const container_config = { Cmd: ['/bin/sh', '-c', 'top'] }
  image = await buildSchema1([{ layer: top, v1: { container_config, os: 'linux' } }, {}, { layer: base }])
  registry = await schema1Registry(image.signed, [base, top], image)
})

const CONFIG = (): unknown => ({
  container_config: { Cmd: ['/bin/sh', '-c', 'top'] },
  created: '2015-01-02T03:04:05Z',
  docker_version: '1.9.1',
  os: 'linux',
  history: [
    { created: '2015-01-02T03:04:05Z' },
    { created: '2015-01-02T03:04:05Z', empty_layer: true },
    { created: '2015-01-02T03:04:05Z', created_by: '/bin/sh -c top' },
  ],
  rootfs: { type: 'layers', diff_ids: [base.diffId, top.diffId] },
})

describe('pull() of schema 1', () => {
  test.each(['registry.test/repo:v1', 'by digest'])('makes the image that Docker Engine makes: %s', async (asked) => {
    const name = asked === 'by digest' ? `registry.test/repo@${image.digest}` : asked
    const store = testStore()
    const events: DistributionEvent[] = []
    const arrived: string[] = []
    const result = await pull(registry.client, store, name, {
      ...options,
      onEvent: (event) => events.push(event),
      onArrived: async (content) => void arrived.push(...content.map(({ digest }) => digest)),
    })
    expect(result).toMatchObject({ digest: image.digest, upToDate: false })
    const [kept] = store.imagesById.values()
    expect(JSON.parse(decodeText(kept?.config.bytes ?? new Uint8Array()))).toEqual(CONFIG())
    expect(result.image).toBe(kept?.config.descriptor.digest)
    expect(kept?.layers).toEqual(
      [base, top].map(({ descriptor }) => ({ ...descriptor, mediaType: MEDIA_TYPES.dockerLayerGzip })),
    )
    const manifest = decodeManifest(await readBlob(store.blobs, result.manifest), result.manifest)
    expect(manifest.descriptor.mediaType).toBe(MEDIA_TYPES.dockerManifest)
    // What only this place has is not where the image came from.
    expect(arrived.toSorted()).toEqual([image.digest, base.descriptor.digest, top.descriptor.digest].toSorted())
    expect(events).toContainEqual({
      type: 'notice',
      message: expect.stringContaining('uses outdated schema1 manifest format'),
    })
    expect(store.names.size).toBe(asked === 'by digest' ? 1 : 2)
  })

  test('keeps the signed manifest, and tells by the name where it is', async () => {
    const store = testStore()
    const { manifest } = await pull(registry.client, store, from, options)
    const target = store.names.get('registry.test/repo:v1')
    if (target === undefined) throw new Error('no name')
    expect(store.targets.get(target.digest)?.manifests).toEqual(new Set([manifest.digest]))
    expect(target).toMatchObject({ mediaType: MEDIA_TYPES.schema1, digest: image.digest, size: image.payload.length })
    expect(await readBlob(store.blobs, target)).toEqual(image.payload)
    const signed = signedBytesOf(target)
    expect(signed && (await readBlob(store.blobs, signed))).toEqual(image.signed)
    expect(signed && store.kept.has(signed.digest)).toBe(true)
  })

  test('takes it by its tag, with its signatures, where the registry does not give it by its digest', async () => {
    const { fault } = registry
    registry.fault = (request, next) =>
      request.url.includes('/manifests/sha256:')
        ? Promise.resolve(refusal(404, 'MANIFEST_UNKNOWN'))
        : fault?.(request, next)
    const store = testStore()
    expect(await pull(registry.client, store, from, options)).toMatchObject({ digest: image.digest })
    expect(store.imagesById.size).toBe(1)
  })

  test('is up to date the second time, without a layer', async () => {
    const store = testStore()
    await pull(registry.client, store, from, options)
    registry.requests.length = 0
    expect(await pull(registry.client, store, from, options)).toMatchObject({ upToDate: true })
    expect(registry.requests.filter((line) => line.startsWith(PREFIX))).toEqual([])
  })

  test('chooses it in an index, whatever size that says', async () => {
    for (const size of [image.signed.length, image.payload.length, 7]) {
      for (const mediaType of [MEDIA_TYPES.schema1, MEDIA_TYPES.schema1Signed]) {
        const platform = { os: 'linux', architecture: 'amd64' }
        const manifests = [{ mediaType, digest: image.digest, size, platform }]
        const bytes = encodeManifest({ schemaVersion: 2, mediaType: MEDIA_TYPES.dockerIndex, manifests })
        const manifest = describeBytes(MEDIA_TYPES.dockerIndex, bytes)
        const index = { manifest, blobs: new Map([[manifest.digest, bytes]]) }
        await push(registry.storage, 'repo', 'list', index as Parameters<typeof push>[3])
        const store = testStore()
        const events: DistributionEvent[] = []
        const onEvent = (event: DistributionEvent): number => events.push(event)
        const pulled = await pull(registry.client, store, 'registry.test/repo:list', { ...options, onEvent })
        expect(pulled.digest).toBe(manifest.digest)
        expect(store.targets.get(manifest.digest)?.manifests).toEqual(new Set([pulled.manifest.digest]))
        const message = expect.stringContaining('[DEPRECATION NOTICE] v2 schema1 manifests in manifest lists')
        expect(events).toContainEqual({ type: 'notice', message })
      }
    }
  })

  test('brings a layer once that is there twice, and tells one that is not compressed', async () => {
    const plain = await buildLayer([{ path: 'plain', content: 'c' }], { compression: 'none' })
    const twice = await buildSchema1([{ layer: base }, { layer: plain }, { layer: base }])
    registry = await schema1Registry(twice.signed, [base, plain], twice)
    const store = testStore()
    const { manifest } = await pull(registry.client, store, from, options)
    expect(store.imageOf(manifest)?.layers.map(({ mediaType }) => mediaType)).toEqual([
      MEDIA_TYPES.dockerLayerGzip,
      MEDIA_TYPES.dockerLayer,
      MEDIA_TYPES.dockerLayerGzip,
    ])
    expect(registry.requests.filter((line) => line === `${PREFIX}${base.descriptor.digest}`)).toHaveLength(1)
  })

  test('refuses it unread where schema 2 is required', async () => {
    const store = testStore()
    const error = await failure(pull(registry.client, store, from, { ...options, requireSchema2: true }))
    expect(error).toMatchObject({ code: 'ERR_SCHEMA1_REFUSED', reason: 'invalid manifest: not schema2' })
    expect(registry.requests).toEqual(['HEAD /v2/repo/manifests/v1'])
    expect(store.names.size).toBe(0)
  })

  test('asks with GET for sizes where HEAD is not served', async () => {
    const { fault } = registry
    registry.fault = (request, next) =>
      request.method === 'HEAD' && request.url.includes('/blobs/')
        ? Promise.resolve(refusal(405, 'UNSUPPORTED'))
        : fault?.(request, next)
    await pull(registry.client, testStore(), from, options)
  })

  test.each([
    ['too small a', -1],
    ['too large a', 1],
  ])('does not believe %s size', async (_what, difference) => {
    const { fault } = registry
    registry.fault = (request, next) => {
      if (request.method !== 'HEAD' || !request.url.endsWith(top.descriptor.digest)) return fault?.(request, next)
      const headers = { 'content-length': String(top.descriptor.size + difference) }
      return Promise.resolve({ status: 200, headers, body: fromBytes() })
    }
    const store = testStore()
    await failure(pull(registry.client, store, from, options))
    expect(store.names.size).toBe(0)
  })

  test('names a layer that is missing', async () => {
    registry = await schema1Registry(image.signed, [base], image)
    const error = await failure(pull(registry.client, testStore(), from, options))
    expect(codesOf(error)).toContain('ERR_CONTENT_NOT_FOUND')
    expect(error.message).toContain(top.descriptor.digest)
  })

  test('refuses more layers than a container can have, before it asks for one', async () => {
    const many = await buildSchema1(Array.from({ length: 126 }, () => ({ layer: base })))
    registry = await schema1Registry(many.signed, [base], many)
    const error = await failure(pull(registry.client, testStore(), from, options))
    expect(codesOf(error)).toEqual(['ERR_IMAGE_MISMATCH'])
    expect(registry.requests.filter((line) => line.includes('/blobs/'))).toEqual([])
  })
})

describe('pull() accepts no schema 1 that contradicts itself', () => {
  const altered = (search: string, replacement: string) => async () =>
    encodeText(decodeText(image.signed).replace(search, replacement))
  const made =
    (...parameters: Parameters<typeof buildSchema1>) =>
    async () =>
      (await buildSchema1(...parameters)).signed
  const unsignedWith = (signatures: string): Uint8Array =>
    encodeText(`${decodeText(image.payload).slice(0, -1)},"signatures":${signatures}}`)
  const steps = (...v1: readonly Record<string, unknown>[]) => v1.map((each) => ({ layer: base, v1: each }))
  const cases: readonly (readonly [string, () => Promise<Uint8Array>, string])[] = [
    ['no signatures', async () => image.payload, 'missing signature key'],
    ['an empty list of signatures', async () => unsignedWith('[]'), 'missing signatures'],
    ['signatures that are none', async () => unsignedWith('{}'), 'error unmarshalling signatures'],
    ['another version', altered('"schemaVersion": 1', '"schemaVersion": 2'), 'unsupported schema version 2'],
    ['no version', made([{}], { schemaVersion: undefined }), 'unsupported schema version 0'],
    ['fewer steps than layers', made([{}, {}], { history: [] }), 'length of history not equal to number of layers'],
    ['fewer layers than steps', made([{}], { fsLayers: [] }), 'length of history not equal to number of layers'],
    ['nothing', made([]), 'no FSLayers in manifest'],
    ['a digest that is none', made([{}], { fsLayers: [{ blobSum: 'sha256:1' }] }), 'could not validate layer digest'],
    ['an ID that is none', made(steps({ id: 'x' })), 'image ID "x" is invalid'],
    ['a parent of the base', made(steps({ parent: stepId(9) })), 'invalid parent ID in the base layer of the image'],
    ['another parent', made(steps({ parent: stepId(9) }, {})), `invalid parent ID. Expected ${stepId(1)}, got`],
    ['no parent', made(steps({ parent: '' }, {})), `invalid parent ID. Expected ${stepId(1)}, got`],
    [
      'an ID twice',
      made(steps({ id: stepId(2), parent: stepId(1) }, { parent: stepId(2) }, {})),
      `ID ${stepId(2)} appears multiple times in manifest`,
    ],
    ['a step that is no JSON', made([{}], { history: [{ v1Compatibility: '{' }] }), 'invalid v1Compatibility'],
    ['a time that is none', made(steps({ created: 'now' })), 'cannot unmarshal created'],
    ['a protected header that is none', altered('"protected": "', '"protected": "!'), 'base64 decode error'],
  ]

  test.each(cases)('%s', async (_what, build, reason) => {
    const signed = await build()
    registry = await schema1Registry(signed, [base, top], { digest: digestOf(signed) })
    const { fault } = registry
    // A registry that names no digest: what it gives is looked at, whatever it is.
    registry.fault = async (request, next) => {
      const answer = await fault?.(request, next)
      if (answer === undefined) return await next(request)
      const { 'docker-content-digest': _, ...headers } = answer.headers
      return { ...answer, headers }
    }
    const store = testStore()
    const error = await failure(pull(registry.client, store, from, options))
    expect(error.message).toContain(reason)
    expect(codesOf(error)).toContain('ERR_SCHEMA1')
    expect([store.layersByChain.size, store.imagesById.size, store.names.size]).toEqual([0, 0, 0])
    expect(registry.requests.filter((line) => line.startsWith(PREFIX))).toEqual([])
  })

  test('a payload of another digest, whatever else is wrong with it', async () => {
    const signed = await made(steps({ id: 'x' }))()
    registry = await schema1Registry(signed, [base], { digest: image.digest })
    const store = testStore()
    for (const name of ['registry.test/repo:v1', `registry.test/repo@${image.digest}`]) {
      const error = await failure(pull(registry.client, store, name, options))
      expect(codesOf(error)).toContain('ERR_DIGEST_MISMATCH')
    }
    expect(store.names.size).toBe(0)
  })
})

describe('copy() of schema 1', () => {
  const source = () => registry.client.repository('registry.test/repo')
  const sink = () => registry.client.repository('registry.test/copy')

  test('passes it on as it is, with all layers and by both names', async () => {
    const names = [to, { ...to, tag: 'v3' }]
    expect(await copy(source(), sink(), { from, to: names }, { retry })).toMatchObject({ digest: image.digest })
    for (const path of ['copy/manifests/v2', 'copy/manifests/v3', `copy/manifests/${image.digest}`]) {
      expect(registry.received.get(path)).toEqual(image.signed)
    }
    for (const { descriptor } of [base, top]) expect(await sink().has(descriptor)).toBe(true)
  })

  test('tells where a place takes none: it cannot, or it answers so', async () => {
    const error = await failure(copy(source(), createMemoryStore(), { from, to }, { retry }))
    expect(codesOf(error)).toEqual(['ERR_SCHEMA1_NOT_TAKEN'])
    for (const status of [400, 415, 500]) {
      registry.refuses = refusal(status, status === 500 ? 'UNKNOWN' : 'MANIFEST_INVALID')
      const refused = await failure(copy(source(), sink(), { from, to }, { retry }))
      expect(codesOf(refused)[0]).toBe('ERR_SCHEMA1_NOT_TAKEN')
    }
    registry.refuses = refusal(503, 'UNAVAILABLE')
    expect(codesOf(await failure(copy(source(), sink(), { from, to }, { retry })))[0]).toBe('ERR_TRANSFER')
  })

  test('refuses what contradicts itself, and all of it where schema 2 is required', async () => {
    const wrong = await buildSchema1([{ layer: top, v1: { parent: stepId(8) } }, { layer: base }])
    registry = await schema1Registry(wrong.signed, [base, top], wrong)
    expect(codesOf(await failure(copy(source(), sink(), { from, to }, { retry })))).toEqual(['ERR_SCHEMA1'])
    const strict = await failure(copy(source(), sink(), { from, to }, { retry, requireSchema2: true }))
    expect(codesOf(strict)).toEqual(['ERR_SCHEMA1_REFUSED'])
    expect(registry.received.size).toBe(0)
  })

  test('is planned with its layers', async () => {
    const plan = await planCopy(source(), sink(), { from, to }, { retry })
    expect(plan.content.map(({ digest, action }) => [digest, action])).toEqual([
      [top.descriptor.digest, 'copy'],
      [digestOf(Buffer.from('')) && expect.any(String), 'copy'],
      [base.descriptor.digest, 'copy'],
      [image.digest, 'copy'],
    ])
  })

  test('is found in what is selected', async () => {
    expect(await holdsSchema1(await selectCopy(source(), from, { retry }))).toBe(true)
  })
})

describe('convert() of schema 1', () => {
  const measurer = testStore().layers

  test.each([
    ['v2s2', MEDIA_TYPES.dockerManifest, MEDIA_TYPES.dockerConfig],
    ['oci', MEDIA_TYPES.ociManifest, MEDIA_TYPES.ociConfig],
    [undefined, MEDIA_TYPES.dockerManifest, MEDIA_TYPES.dockerConfig],
  ] as const)('makes an image in %s', async (format, manifestType, configType) => {
    const source = registry.client.repository('registry.test/repo')
    const root = await source.resolve(from)
    const converted = await convert(source, createMemoryStore(), root, { format, measurer, retry })
    expect(converted.root.mediaType).toBe(manifestType)
    const manifest = decodeManifest(await readBlob(converted.source, converted.root), converted.root)
    if (manifest.kind !== 'image') throw new Error(manifest.kind)
    expect(manifest.value.config.mediaType).toBe(configType)
    expect(JSON.parse(decodeText(await readBlob(converted.source, manifest.value.config)))).toEqual(CONFIG())
    registry.requests.length = 0
    for (const layer of manifest.value.layers) await readBlob(converted.source, layer)
    expect(registry.requests).toEqual([])
  })

  test.each([
    [MEDIA_TYPES.dockerIndex, MEDIA_TYPES.dockerManifest],
    [MEDIA_TYPES.ociIndex, MEDIA_TYPES.ociManifest],
  ])('makes an image for an index in its format: %s', async (indexType, manifestType) => {
    const entry = { mediaType: MEDIA_TYPES.schema1Signed, digest: image.digest, size: 7, platform: options.platform }
    const bytes = encodeManifest({ schemaVersion: 2, mediaType: indexType, manifests: [entry] })
    const root = describeBytes(indexType, bytes)
    const repository = registry.client.repository('registry.test/repo')
    const source = {
      resolve: repository.resolve,
      sizeOf: repository.sizeOf,
      fetch: (...[what, each]: Parameters<typeof repository.fetch>) =>
        what.digest === root.digest ? fromBytes(bytes) : repository.fetch(what, each),
    }
    for (const schema1Format of ['oci', 'v2s2'] as const) {
      const converted = await convert(source, createMemoryStore(), root, { schema1Format, measurer, retry })
      const index = decodeManifest(await readBlob(converted.source, converted.root), converted.root)
      expect(index.descriptor.mediaType).toBe(indexType)
      if (index.kind !== 'index') throw new Error(index.kind)
      expect(index.value.manifests).toMatchObject([{ mediaType: manifestType, platform: options.platform }])
    }
  })

  test('refuses what contradicts itself, digests that are to stay, and all of it where schema 2 is required', async () => {
    const source = registry.client.repository('registry.test/repo')
    const root = await source.resolve(from)
    const refused = async (each: Parameters<typeof convert>[3]): Promise<string[]> =>
      codesOf(await failure(convert(source, createMemoryStore(), root, { measurer, retry, ...each })))
    expect(await refused({ preserveDigests: true })).toEqual(['ERR_DIGEST_CHANGE'])
    expect(await refused({ requireSchema2: true })).toEqual(['ERR_SCHEMA1_REFUSED'])
    expect(await refused({ measurer: undefined })).toEqual(['ERR_NOT_AN_IMAGE'])
  })
})
