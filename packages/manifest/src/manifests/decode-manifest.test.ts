import { encodeText } from '@drayage/bytes'
import { digestOf, parseDigest } from '@drayage/digest'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { children } from './relations.ts'
import { decodeManifest, type DecodeManifestOptions, type DecodedManifest } from './decode-manifest.ts'
import { encodeManifest } from './encode.ts'
import { isManifestError } from '../errors.ts'
import { MAX_LAYERS, MAX_MANIFEST_BYTES, MAX_MANIFESTS } from '../limits.ts'
import { MEDIA_TYPES } from '../media-types.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const CONFIG = { mediaType: MEDIA_TYPES.ociConfig, digest: DIGEST, size: 7 }
const LAYER = { mediaType: MEDIA_TYPES.ociLayerGzip, digest: DIGEST, size: 32654 }
const IMAGE = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociManifest, config: CONFIG, layers: [LAYER] }
const CHILD = { mediaType: MEDIA_TYPES.ociManifest, digest: DIGEST, size: 528 }
const INDEX = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [CHILD] }
const SCHEMA1 = {
  schemaVersion: 1,
  name: 'library/busybox',
  tag: 'latest',
  architecture: 'amd64',
  fsLayers: [{ blobSum: DIGEST }],
  history: [{ v1Compatibility: '{"id":"x"}' }],
}

function decode(document: unknown, options?: DecodeManifestOptions): DecodedManifest {
  return decodeManifest(encodeText(typeof document === 'string' ? document : JSON.stringify(document)), options)
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
    throw error
  }
  return undefined
}

const { mediaType: _image, ...UNTYPED_IMAGE } = IMAGE
const { mediaType: _index, ...UNTYPED_INDEX } = INDEX

const withLayer = (layer: unknown): unknown => ({ ...IMAGE, layers: [layer] })

test.each([
  'sha256:../../../../etc/cron.d/x',
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'A'.repeat(64)}`,
  'sha256:abc',
  'sha256+b64:YWJj',
  `md5:${'a'.repeat(32)}`,
  '',
  `sha256:${'a'.repeat(10_000)}`,
  'sha256:%2e%2e%2f',
  `sha256:${'a'.repeat(63)}\0`,
  7,
  null,
])('decodeManifest() refuses the digest %j', (digest) => {
  expect(codeOf(() => decode(withLayer({ ...LAYER, digest })))).toBe('ERR_MANIFEST_SYNTAX')
  expect(codeOf(() => decode({ ...INDEX, manifests: [{ ...CHILD, digest }] }))).toBe('ERR_MANIFEST_SYNTAX')
  expect(codeOf(() => decode({ ...IMAGE, config: { ...CONFIG, digest } }))).toBe('ERR_MANIFEST_SYNTAX')
  expect(codeOf(() => decode({ ...IMAGE, subject: { ...CHILD, digest: digest ?? '' } }))).toBe('ERR_MANIFEST_SYNTAX')
  expect(codeOf(() => decode({ ...SCHEMA1, fsLayers: [{ blobSum: digest }] }))).toBe('ERR_SCHEMA1')
})

test.each(['-1', '1e400', '9007199254740993', '"5"', '1.5', 'null', '{}', 'true'])(
  'decodeManifest() refuses the size %s',
  (size) => {
    const text = JSON.stringify(IMAGE).replace('32654', size)
    expect(codeOf(() => decode(text))).toBe('ERR_MANIFEST_SYNTAX')
  },
)

test('decodeManifest() takes the largest safe size', () => {
  const decoded = decode(withLayer({ ...LAYER, size: Number.MAX_SAFE_INTEGER }))
  expect(children(decoded)[1]?.size).toBe(Number.MAX_SAFE_INTEGER)
})

test.each<[string, string]>([
  ['10^6 layers', `{"schemaVersion":2,"config":${JSON.stringify(CONFIG)},"layers":[${'{},'.repeat(999_999)}{}]}`],
  ['10^6 manifests', `{"schemaVersion":2,"manifests":[${'0,'.repeat(999_999)}0]}`],
  ['a layer too many', JSON.stringify({ ...IMAGE, layers: Array.from({ length: MAX_LAYERS + 1 }, () => LAYER) })],
  ['10^5 levels', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  [
    '10^5 levels in a member',
    `{"schemaVersion":2,"manifests":[],"x":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`,
  ],
  ['10^6 wrong URLs', JSON.stringify(withLayer({ ...LAYER, urls: Array.from({ length: 1_000_000 }, () => 0) }))],
])('decodeManifest() refuses %s', (_what, text) => {
  expect(codeOf(() => decode(text))).toBe('ERR_MANIFEST_SYNTAX')
})

test('decodeManifest() takes as many layers and manifests as the limits say', () => {
  const layers = Array.from({ length: MAX_LAYERS }, () => LAYER)
  expect(children(decode({ ...IMAGE, layers }))).toHaveLength(MAX_LAYERS + 1)
  const manifests = Array.from({ length: MAX_MANIFESTS }, () => CHILD)
  expect(children(decode({ ...INDEX, manifests }))).toHaveLength(MAX_MANIFESTS)
})

test('decodeManifest() takes exactly 4 MiB and not a byte more', () => {
  const text = JSON.stringify(IMAGE)
  const exact = text + ' '.repeat(4 * 1024 * 1024 - text.length)
  expect(MAX_MANIFEST_BYTES).toBe(exact.length)
  expect(decode(exact).descriptor.size).toBe(4 * 1024 * 1024)
  expect(codeOf(() => decode(`${exact} `))).toBe('ERR_MANIFEST_TOO_LARGE')
})

test.each<[string, string | Uint8Array]>([
  ['nothing', ''],
  ['text', 'not found'],
  ['an array', '[]'],
  ['null', 'null'],
  ['two documents', '{}{}'],
  ['a byte order mark', `\ufeff${JSON.stringify(IMAGE)}`],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ['an empty object', '{}'],
  ['no config', JSON.stringify({ schemaVersion: 2, layers: [] })],
  ['another schema version', JSON.stringify({ ...IMAGE, schemaVersion: 3 })],
  ['schema version 1', JSON.stringify({ ...IMAGE, schemaVersion: 1 })],
  ['a schema version in text', JSON.stringify({ ...IMAGE, schemaVersion: '2' })],
  ['a media type that is no text', JSON.stringify({ ...IMAGE, mediaType: 7 })],
  ['annotations that are no text', JSON.stringify({ ...IMAGE, annotations: { a: 1 } })],
  ['layers that are no array', JSON.stringify({ ...IMAGE, layers: {} })],
  ['a layer without media type', JSON.stringify(withLayer({ digest: DIGEST, size: 1 }))],
  ['a history of schema 1 that is no array', JSON.stringify({ ...SCHEMA1, history: {} })],
])('decodeManifest() refuses %s', (_what, input) => {
  const bytes = typeof input === 'string' ? encodeText(input) : input
  expect(codeOf(() => decodeManifest(bytes))).toBe('ERR_MANIFEST_SYNTAX')
})

test('decodeManifest() refuses a Docker manifest that does not say that it is one', () => {
  expect(codeOf(() => decode(UNTYPED_IMAGE, { mediaType: MEDIA_TYPES.dockerManifest }))).toBe('ERR_MANIFEST_SYNTAX')
  expect(codeOf(() => decode(UNTYPED_INDEX, { mediaType: MEDIA_TYPES.dockerIndex }))).toBe('ERR_MANIFEST_SYNTAX')
})

test('decodeManifest() checks the digest of the bytes before anything else, in its own algorithm', () => {
  const bytes = encodeManifest({
    ...IMAGE,
    schemaVersion: 2,
    config: children(decode(IMAGE))[0] ?? never(),
    layers: [],
  })
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const digest = digestOf(bytes, algorithm)
    expect(decodeManifest(bytes, { digest }).descriptor.digest).toBe(digest)
  }
  expect(codeOf(() => decodeManifest(bytes, { digest: parseDigest(DIGEST) }))).toBe('ERR_DIGEST_MISMATCH')
  expect(codeOf(() => decode('not JSON', { digest: parseDigest(DIGEST) }))).toBe('ERR_DIGEST_MISMATCH')
  const withSignatures = { ...IMAGE, signatures: [{ protected: 'e30' }] }
  expect(codeOf(() => decode(withSignatures, { digest: parseDigest(DIGEST) }))).toBe('ERR_DIGEST_MISMATCH')
})

test('decodeManifest() keeps the bytes and unknown members', () => {
  const document = { ...IMAGE, x: { y: [1, null] }, layers: [{ ...LAYER, z: 1 }], config: { ...CONFIG, data: 'e30=' } }
  const bytes = encodeText(JSON.stringify(document, undefined, 3))
  const decoded = decodeManifest(bytes)
  expect(decoded.bytes).toBe(bytes)
  expect(decoded.descriptor).toEqual({
    mediaType: MEDIA_TYPES.ociManifest,
    digest: digestOf(bytes),
    size: bytes.byteLength,
  })
  expect(decoded.value).toEqual(document)
})

test('decodeManifest() reads null as absent for known members', () => {
  const decoded = decode({ ...IMAGE, layers: null, annotations: null, subject: null, x: null })
  expect(decoded.value).toEqual({ ...IMAGE, layers: [], x: null })
  expect(Object.hasOwn(decoded.value, 'annotations')).toBe(false)
})

test.each([
  [{ ...INDEX, manifests: null }],
  [{ ...UNTYPED_INDEX, manifests: null }],
  [{ ...INDEX, manifests: null, annotations: null, subject: null }],
])('decodeManifest() reads null for the manifests of an index as none: %j', (document) => {
  expect(decode(document)).toMatchObject({ kind: 'index', value: { manifests: [] } })
})

test('decodeManifest() reads null in descriptors as an absent list, map or text', () => {
  const nulls = { urls: null, annotations: { a: null }, data: null, artifactType: null }
  const platform = { os: 'linux', architecture: 'arm64', variant: null, 'os.features': null }
  const decoded = decode({ ...INDEX, manifests: [{ ...CHILD, ...nulls, platform }] })
  expect(decoded.value).toMatchObject({
    manifests: [{ ...CHILD, annotations: { a: '' }, platform: { os: 'linux', architecture: 'arm64' } }],
  })
  expect(children(decoded)[0]).not.toHaveProperty('urls')
  expect(decode({ ...IMAGE, config: { ...CONFIG, urls: [null] } }).value).toMatchObject({ config: { urls: [''] } })
})

test('decodeManifest() refuses null for what an image cannot be without', () => {
  for (const document of [{ ...IMAGE, config: null }, withLayer(null), withLayer({ ...LAYER, digest: null })]) {
    expect(codeOf(() => decode(document))).toBe('ERR_MANIFEST_SYNTAX')
  }
})

test('decodeManifest() takes a config without media type, as old registries wrote', () => {
  expect(children(decode({ ...IMAGE, config: { digest: DIGEST, size: 1 } }))[0]?.mediaType).toBe('')
})

test('decodeManifest() gives no member a meaning to JavaScript', () => {
  const text = `{"__proto__":{"polluted":1,"annotations":{"a":1}},"constructor":{"prototype":{"polluted":1}},${JSON.stringify(IMAGE).slice(1, -1)},"annotations":{"__proto__":"x","constructor":"y"}}`
  const decoded = decode(text)
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
  expect(Reflect.get(decoded.value, 'polluted')).toBeUndefined()
  if (decoded.kind !== 'image') throw new Error(decoded.kind)
  expect(Object.entries(decoded.value.annotations ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  expect(Object.getPrototypeOf(decoded.value.annotations)).toBeNull()
  const bare = decode(`{"__proto__":{"annotations":{"a":1}},${JSON.stringify(IMAGE).slice(1)}`)
  expect(Reflect.get(bare.value, 'annotations')).toBeUndefined()
})

test('messages of decodeManifest() escape and shorten what came', () => {
  for (const document of [
    { ...IMAGE, mediaType: `\u001b]0;x\u0007\u009b\u202e${'x'.repeat(100_000)}` },
    withLayer({ ...LAYER, digest: `\u001b[2J\u202e${'x'.repeat(100_000)}` }),
    { ...IMAGE, [`Layers\u001b`]: 1, [`LAYERS`]: 1 },
  ]) {
    expect(() => decode(document)).toThrow(/^Cannot decode manifest: found [ -~…]{1,500}, expected [ -~…]{1,400}$/)
  }
})

test('decodeManifest() rejects any damage with an error of this package', () => {
  const documents = [IMAGE, INDEX, SCHEMA1, { ...SCHEMA1, signatures: [{ protected: 'eyJmb3JtYXRMZW5ndGgiOjV9' }] }]
  const bytes = documents.map((document) => encodeText(JSON.stringify(document)))
  const edit = fc.record({ at: fc.nat(2000), cut: fc.nat(12), put: fc.uint8Array({ maxLength: 12 }) })
  const token = fc.record({
    at: fc.nat(2000),
    cut: fc.nat(40),
    put: fc.constantFrom('null', '{}', '[', '"', ',', '-1', '":').map(encodeText),
  })
  fc.assert(
    fc.property(
      fc.constantFrom(...bytes),
      fc.array(fc.oneof(edit, token), { minLength: 1, maxLength: 4 }),
      (original, edits) => {
        let damaged: number[] = [...original]
        for (const { at, cut, put } of edits) damaged = damaged.toSpliced(at % original.length, cut, ...put)
        try {
          const decoded = decodeManifest(Uint8Array.from(damaged))
          expect(decoded.descriptor.digest).toBe(digestOf(decoded.bytes))
        } catch (error) {
          if (!isManifestError(error)) throw error
        }
      },
    ),
    { numRuns: 3000 },
  )
})

function never(): never {
  throw new Error('unreachable')
}

test.each([
  { ...IMAGE, schemaVersion: 0 },
  { ...INDEX, schemaVersion: 0 },
])('decodeManifest() takes the schema version of tools that leave it out', (document) => {
  const bytes = encodeText(JSON.stringify(document))
  const decoded = decodeManifest(bytes)
  expect(decoded.bytes).toEqual(bytes)
  expect(decoded.value).toMatchObject({ mediaType: document.mediaType, schemaVersion: 2 })
})
