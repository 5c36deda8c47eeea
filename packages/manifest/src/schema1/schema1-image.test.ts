import { decodeText, encodeText } from '@drayage/bytes'
import { digestOf, parseDiffId } from '@drayage/digest'
import { expect, test } from 'vitest'

import { encodeImageConfig } from '../manifests/encode.ts'
import { decodeImageConfig } from '../config/decode-image-config.ts'
import { decodeManifest } from '../manifests/decode-manifest.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import { encodeSchema1 } from './encode-schema1.ts'
import { schema1Image, type Schema1Image } from './schema1-image.ts'

const id = (hex: string): string => hex.repeat(64)
const layer = (hex: string): { blobSum: string } => ({ blobSum: `sha256:${id(hex)}` })
const diffId = (text: string): ReturnType<typeof parseDiffId> => parseDiffId(digestOf(text))

/** Reads a manifest of steps, top to bottom, each over a layer of its own unless it says another. */
function read(...steps: readonly (Record<string, unknown> | string)[]): Schema1Image {
  const manifest = decodeManifest(
    encodeText(
      JSON.stringify({
        schemaVersion: 1,
        fsLayers: steps.map((step, index) => layer(typeof step === 'object' && 'blob' in step ? 'f' : String(index))),
        history: steps.map((step) => {
          const { blob: _blob, ...members } = typeof step === 'object' ? step : {}
          return { v1Compatibility: typeof step === 'object' ? JSON.stringify(members) : step }
        }),
      }),
    ),
  )
  if (manifest.kind !== 'schema1') throw new Error(manifest.kind)
  return schema1Image(manifest)
}

const configText = (image: Schema1Image): string =>
  decodeText(image.config(image.layers.map((_, index) => diffId(String(index)))).bytes)

const ROOTFS = (...layers: readonly string[]): string =>
  `"rootfs":{"type":"layers","diff_ids":[${layers.map((text) => `"${digestOf(text)}"`).join(',')}]}`

test('schema1Image() lists layers from the bottom, without those of steps that are thrown away', () => {
  const image = read(
    { id: id('c'), parent: id('b'), throwaway: true },
    { id: id('b'), parent: id('a') },
    { id: id('a'), throwaway: false },
  )
  expect(image.layers).toEqual([layer('2').blobSum, layer('1').blobSum])
  expect(JSON.parse(configText(image)).history).toEqual([
    { created: '0001-01-01T00:00:00Z' },
    { created: '0001-01-01T00:00:00Z' },
    { created: '0001-01-01T00:00:00Z', empty_layer: true },
  ])
})

test('schema1Image() leaves out steps that repeat the one below them', () => {
  const image = read(
    { id: id('b'), parent: id('a'), comment: 'gone' },
    { id: id('b'), parent: id('a'), comment: 'stays', docker_version: '1.9.0' },
    { id: id('a'), comment: 'gone too' },
    { id: id('a') },
  )
  expect(image.layers).toEqual([layer('3').blobSum, layer('1').blobSum])
  expect(configText(image)).toBe(
    `{"comment":"stays","docker_version":"1.9.0","history":[{"created":"0001-01-01T00:00:00Z"},` +
      `{"created":"0001-01-01T00:00:00Z","comment":"stays"}],${ROOTFS('0', '1')}}`,
  )
})

test('schema1Image() makes a config without layers of steps that are all thrown away', () => {
  const image = read({ id: id('a'), docker_version: '17.03.0-ce', throwaway: true })
  expect(image.layers).toEqual([])
  expect(configText(image)).toBe(
    '{"docker_version":"17.03.0-ce","history":[{"created":"0001-01-01T00:00:00Z","empty_layer":true}],"rootfs":{"type":"layers"}}',
  )
})

test('schema1Image() keeps members as they are written since Docker 1.8.3, sorted and safe in HTML', () => {
  const text = `{"z": [1.0e2, {"b": 1, "a": null}], "docker_version":"1.8.3", "id":"${id('a')}", "parent":"",
    "Size": 5, "parent_id":"x", "layer_id":"y", "throwaway":false, "created":"2016-02-03T04:05:06.700Z",
    "author":"<a&b>\\u2028\u2028", "\u00e9":true, "container_config":{"Cmd":["a<b",  null, "\\b\\f\\n\\\\b\\ud800"]}, "os":"plan9"}`
  expect(configText(read(text))).toBe(
    `{"author":"\\u003ca\\u0026b\\u003e\\u2028\\u2028","container_config":{"Cmd":["a\\u003cb",null,"\\b\\f\\n\\\\b\\ud800"]},` +
      `"created":"2016-02-03T04:05:06.700Z","docker_version":"1.8.3",` +
      `"history":[{"created":"2016-02-03T04:05:06.7Z","author":"\\u003ca\\u0026b\\u003e\\u2028\\u2028",` +
      `"created_by":"a\\u003cb  \\u0008\\u000c\\n\\\\b\ufffd"}],"os":"plan9",${ROOTFS('0')},"z":[1.0e2,{"b":1,"a":null}],"\u00e9":true}`,
  )
})

test.each(['', '1.8.2', '1.8', '1.8.3-rc1', '0.9.1', 'x'])(
  'schema1Image() writes all members anew of an image of Docker %j',
  (version) => {
    const text = JSON.stringify({
      id: id('a'),
      docker_version: version,
      created: '2014-01-01T1:02:03.0100+00:00',
      architecture: 'amd64',
      Size: 7,
      unknown: 1,
      container_config: null,
      config: {
        Cmd: 'sh',
        Env: [],
        Volumes: { '/b': {}, '/a': null },
        ExposedPorts: {},
        StopTimeout: 0,
        Healthcheck: { Interval: 0 },
        Labels: { z: null, a: '<' },
        MemorySwap: 1,
        Tty: true,
      },
    })
    const empty =
      '"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":'
    const nulls = '"Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":null}'
    expect(configText(read(text))).toBe(
      `{"architecture":"amd64","config":{${empty}true,"OpenStdin":false,"StdinOnce":false,"Env":[],"Cmd":["sh"],` +
        `"Healthcheck":{},"Image":"","Volumes":{"/a":{},"/b":{}},"WorkingDir":"","Entrypoint":null,"OnBuild":null,` +
        `"Labels":{"a":"\\u003c","z":""},"StopTimeout":0},"container_config":{${empty}false,"OpenStdin":false,` +
        `"StdinOnce":false,"Env":null,"Cmd":null,${nulls},"created":"2014-01-01T01:02:03.01Z",` +
        `${version === '' ? '' : `"docker_version":"${version}",`}` +
        `"history":[{"created":"2014-01-01T01:02:03.01Z"}],${ROOTFS('0')}}`,
    )
  },
)

test('schema1Image() reads what encodeSchema1() writes: the same layers and history', () => {
  const created = '2020-01-01T00:00:00Z'
  const history = [
    { created, created_by: 'ADD base', comment: 'c' },
    { created, created_by: 'ENV x', empty_layer: true },
    { created, created_by: 'ADD top', author: 'a' },
  ]
  const rootfs = { type: 'layers', diff_ids: [diffId('0'), diffId('1')] }
  const value = { architecture: 'arm64', os: 'linux', config: { Cmd: ['sh'] }, rootfs, history }
  const config = decodeImageConfig(encodeImageConfig(value))
  const layers = ['a', 'b'].map((hex) => ({ mediaType: MEDIA_TYPES.ociLayerGzip, digest: digestOf(hex), size: 1 }))
  const manifest = { schemaVersion: 2, config: config.descriptor, layers } as const
  const decoded = decodeManifest(encodeSchema1(manifest, config, { name: 'a', tag: 'b' }).bytes)
  if (decoded.kind !== 'schema1') throw new Error(decoded.kind)
  const image = schema1Image(decoded)
  expect(image.layers).toEqual(layers.map(({ digest }) => digest))
  const made = image.config(rootfs.diff_ids).value
  expect(made).toMatchObject({ architecture: 'arm64', os: 'linux', rootfs, config: { Cmd: ['sh'] } })
  expect(made.history?.map((entry) => entry.empty_layer === true)).toEqual([false, true, false])
})

test.each<[string, readonly (Record<string, unknown> | string)[], string]>([
  ['an ID that is too short', [{ id: 'abc' }], 'image ID "abc" is invalid'],
  ['an ID in upper case', [{ id: id('A') }], `image ID "${id('A')}" is invalid`],
  ['a path as ID', [{ id: '../../etc/passwd' }], 'image ID "../../etc/passwd" is invalid'],
  ['no ID', [{ parent: id('a') }], 'image ID "" is invalid'],
  ['a parent of the base', [{ id: id('b'), parent: id('a') }], 'invalid parent ID in the base layer of the image'],
  [
    'another parent',
    [{ id: id('b'), parent: id('c') }, { id: id('a') }],
    `invalid parent ID. Expected ${id('a')}, got ${id('c')}`,
  ],
  ['no parent', [{ id: id('b') }, { id: id('a') }], `invalid parent ID. Expected ${id('a')}, got `],
  [
    'an ID twice',
    [{ id: id('a'), parent: id('b') }, { id: id('b'), parent: id('a') }, { id: id('a') }],
    `ID ${id('a')} appears multiple times in manifest`,
  ],
  ['a step that is no JSON', ['{'], 'invalid v1Compatibility'],
  ['a step that is no object', ['[]'], 'invalid v1Compatibility'],
  ['an empty step', [''], 'invalid v1Compatibility'],
  ['a step with a member twice', [`{"id":"${id('a')}","id":"${id('b')}"}`], 'invalid v1Compatibility'],
  ['deep nesting', [`{"id":"${id('a')}","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`], 'invalid v1Compatibility'],
  ['a member of another type', [{ id: id('a'), author: 1 }], 'json: cannot unmarshal author'],
  ['a member within of another type', [{ id: id('a'), config: { Env: 'x' } }], 'json: cannot unmarshal Env'],
  ['a time that is none', [{ id: id('a'), created: 'yesterday' }], 'json: cannot unmarshal created'],
  ['a 30th of February', [{ id: id('a'), created: '2015-02-30T00:00:00Z' }], 'json: cannot unmarshal created'],
  ['throwaway as text', [{ id: id('a'), throwaway: 'true' }], 'json: cannot unmarshal throwaway'],
])('schema1Image() refuses %s, in the words of Docker Engine', (_what, steps, reason) => {
  expect(() => read(...steps)).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA1', reason }))
})

test('schema1Image() refuses other DiffIDs than there are layers', () => {
  expect(() => read({ id: id('a') }).config([])).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA1' }))
})

test('schema1Image() takes ten thousand steps, and no more', () => {
  const steps = Array.from({ length: 10_001 }, (_, index) => index.toString(16).padStart(64, '0'))
  const chain = steps.map((own, index) => ({ id: own, parent: steps[index + 1], blob: true }))
  expect(read(...chain.slice(1)).layers).toHaveLength(10_000)
  expect(() => read(...chain)).toThrow(expect.objectContaining({ code: 'ERR_MANIFEST_SYNTAX' }))
})
