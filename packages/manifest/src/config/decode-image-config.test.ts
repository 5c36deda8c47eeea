import { encodeText } from '@drayage/bytes'
import { digestOf, parseDigest } from '@drayage/digest'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { platformOf } from './image-checks.ts'
import { decodeImageConfig, requireRootFs, type DecodedImageConfig } from './decode-image-config.ts'
import { encodeImageConfig } from '../manifests/encode.ts'
import { isManifestError } from '../errors.ts'
import { checkLayerCount } from './image-checks.ts'
import { MAX_MANIFEST_BYTES } from '../limits.ts'

const DIFF_ID = `sha256:${'b'.repeat(64)}`
const CONFIG = {
  architecture: 'arm64',
  os: 'linux',
  variant: 'v8',
  created: '2024-01-01T00:00:00Z',
  config: { Env: ['A=b'], Labels: { a: 'b' }, ExposedPorts: { '80/tcp': {} }, OnBuild: null },
  rootfs: { type: 'layers', diff_ids: [DIFF_ID] },
  history: [{ created_by: 'a' }, { created_by: 'b', empty_layer: true }],
  'org.example': 1,
}

function decode(document: unknown): DecodedImageConfig {
  return decodeImageConfig(encodeText(typeof document === 'string' ? document : JSON.stringify(document)))
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (isManifestError(error)) return error.code
    throw error
  }
  return undefined
}

test('decodeImageConfig() keeps bytes and unknown members', () => {
  const decoded = decode(CONFIG)
  expect(decoded.value).toEqual(CONFIG)
  expect(decoded.descriptor.digest).toBe(digestOf(decoded.bytes))
  expect(platformOf(decoded.value)).toEqual({ os: 'linux', architecture: 'arm64', variant: 'v8' })
})

test('decodeImageConfig() takes null for every member', () => {
  const nulls = Object.fromEntries(Object.keys(CONFIG).map((name) => [name, null]))
  expect(decode(nulls).value).toEqual({ 'org.example': null })
  const inner = {
    config: { Env: null, Cmd: null, Labels: null, Volumes: null },
    rootfs: { type: null, diff_ids: null },
  }
  expect(decode(inner).value).toEqual({ config: {}, rootfs: { type: 'layers', diff_ids: [] } })
})

test('decodeImageConfig() takes null for texts in lists and maps, and for a step of the history, as Go does', () => {
  const odd = { config: { Env: ['A=b', null], Cmd: [null], Labels: { a: null } }, history: [null, { created: null }] }
  expect(decode(odd).value).toEqual({
    config: { Env: ['A=b', ''], Cmd: [''], Labels: { a: '' } },
    history: [{}, {}],
  })
})

test('decodeImageConfig() decodes a single string of Cmd and Entrypoint as an array', () => {
  expect(decode({ config: { Cmd: 'sh', Entrypoint: ['a', 'b'] } }).value.config).toEqual({
    Cmd: ['sh'],
    Entrypoint: ['a', 'b'],
  })
})

test('decodeImageConfig() takes a config that is not an image, and requireRootFs() refuses it', () => {
  const { value } = decode({})
  expect(platformOf(value)).toBeUndefined()
  expect(() => requireRootFs(value)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_SYNTAX', path: 'rootfs' }))
})

test.each<[string, unknown]>([
  ['text', 'no JSON'],
  ['an array', []],
  ['a malformed digest', { rootfs: { diff_ids: ['sha256:../x'] } }],
  ['a DiffID that is no text', { rootfs: { diff_ids: [1] } }],
  ['labels that are no text', { config: { Labels: { a: 1 } } }],
  ['Diff_IDs', { rootfs: { type: 'layers', Diff_IDs: [] } }],
  ['rootfs twice', '{"rootfs":null,"rootfs":null}'],
  ['history that is no array', { history: {} }],
  ['deep nesting', `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
])('decodeImageConfig() refuses %s', (_what, document) => {
  expect(() => decode(document)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_SYNTAX' }))
})

test('decodeImageConfig() takes 4 MiB and not a byte more', () => {
  const exact = `{}${' '.repeat(MAX_MANIFEST_BYTES - 2)}`
  expect(decode(exact).descriptor.size).toBe(MAX_MANIFEST_BYTES)
  expect(() => decode(`${exact} `)).toThrow(expect.objectContaining({ code: 'ERR_MANIFEST_TOO_LARGE' }))
})

test('decodeImageConfig() checks the digest first', () => {
  const digest = parseDigest(DIFF_ID)
  expect(() => decodeImageConfig(encodeText('x'), { digest })).toThrow(
    expect.objectContaining({ code: 'ERR_DIGEST_MISMATCH' }),
  )
  const bytes = encodeText('{}')
  expect(decodeImageConfig(bytes, { digest: digestOf(bytes, 'sha512') }).descriptor.digest).toBe(
    digestOf(bytes, 'sha512'),
  )
})

test('decodeImageConfig() gives labels and ports no meaning to JavaScript', () => {
  const text =
    '{"config":{"Labels":{"__proto__":"a","constructor":"b"},"ExposedPorts":{"__proto__":{"polluted":1}}},"history":[{"__proto__":{"polluted":1}}]}'
  const { value } = decode(text)
  expect(Object.entries(value.config?.Labels ?? {})).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
  expect(Object.keys(value.config?.ExposedPorts ?? {})).toEqual(['__proto__'])
  expect(Reflect.get(value.history?.[0] ?? {}, 'polluted')).toBeUndefined()
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})

test('encodeImageConfig() writes what decodeImageConfig() reads, in one form', () => {
  const { value } = decode(CONFIG)
  const bytes = encodeImageConfig(value)
  expect(decodeImageConfig(bytes).value).toEqual(value)
  const reversed = Object.fromEntries(Object.entries(value).toReversed())
  expect(encodeImageConfig(reversed)).toEqual(bytes)
})

const layer = { mediaType: 'x', digest: parseDigest(DIFF_ID), size: 1 }

test.each([
  [1, 1, 0, undefined],
  [1, 1, 1, undefined],
  [2, 2, 1, undefined],
  [0, 0, 0, undefined],
  [3, 2, 2, 'ERR_LAYER_COUNT'],
  [2, 3, 2, 'ERR_LAYER_COUNT'],
  [2, 2, 3, 'ERR_LAYER_COUNT'],
])('checkLayerCount() of %d layers, %d DiffIDs and %d steps', (layers, diffIds, steps, code) => {
  const { value } = decode({
    rootfs: { diff_ids: Array.from({ length: diffIds }, () => DIFF_ID) },
    history: [...Array.from({ length: steps }, () => ({})), { empty_layer: true }],
  })
  const manifest = { schemaVersion: 2, config: layer, layers: Array.from({ length: layers }, () => layer) } as const
  expect(codeOf(() => checkLayerCount(manifest, value))).toBe(code)
})

test('checkLayerCount() gives the DiffIDs', () => {
  const { value } = decode({ rootfs: { diff_ids: [DIFF_ID] } })
  expect(checkLayerCount({ schemaVersion: 2, config: layer, layers: [layer] }, value)).toEqual([DIFF_ID])
})

test('checkLayerCount() refuses a config without rootfs', () => {
  const manifest = { schemaVersion: 2, config: layer, layers: [] } as const
  expect(() => checkLayerCount(manifest, {})).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_SYNTAX' }))
})

test('decodeImageConfig() rejects any damage with an error of this package', () => {
  const original = encodeText(JSON.stringify(CONFIG))
  fc.assert(
    fc.property(
      fc.nat(original.length),
      fc.nat(30),
      fc.constantFrom('', 'null', '{}', '[]', '"', '1', ','),
      (at, cut, put) => {
        const damaged = [...original].toSpliced(at, cut, ...encodeText(put))
        expect([undefined, 'ERR_CONFIG_SYNTAX']).toContain(codeOf(() => decodeImageConfig(Uint8Array.from(damaged))))
      },
    ),
    { numRuns: 3000 },
  )
})
