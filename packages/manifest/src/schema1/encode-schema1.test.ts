import { decodeText } from '@drayage/bytes'
import { digestHex, digestOf, parseDiffId, parseDigest } from '@drayage/digest'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

import { decodeImageConfig } from '../config/decode-image-config.ts'
import { decodeManifest, type DecodedSchema1 } from '../manifests/decode-manifest.ts'
import { encodeImageConfig } from '../manifests/encode.ts'
import { encodeSchema1 } from './encode-schema1.ts'
import type { ImageConfig } from '../config/image-config.ts'
import type { ImageManifest } from '../manifests/image-manifest.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import { SCHEMA1_EMPTY_LAYER, schema1EmptyLayer } from './empty-layer.ts'
import { signSchema1 } from './sign-schema1.ts'

const names = { name: 'team/app', tag: 'v1' }
const blobSum = (hex: string): ReturnType<typeof parseDigest> => parseDigest(`sha256:${hex.repeat(64)}`)

function image(layers: readonly string[], config: ImageConfig = {}, mediaType: string = MEDIA_TYPES.ociLayerGzip) {
  const diffIds = layers.map((hex) => parseDiffId(digestOf(hex)))
  const bytes = encodeImageConfig({
    architecture: 'arm64',
    os: 'linux',
    config: { Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: diffIds },
    ...config,
  })
  const decoded = decodeImageConfig(bytes)
  const manifest: ImageManifest = {
    schemaVersion: 2,
    config: decoded.descriptor,
    layers: layers.map((hex) => ({ mediaType, digest: blobSum(hex), size: 3 })),
  }
  return { manifest, config: decoded }
}

function read(bytes: Uint8Array): DecodedSchema1 {
  const decoded = decodeManifest(bytes)
  if (decoded.kind !== 'schema1') throw new Error(decoded.kind)
  return decoded
}

function steps(bytes: Uint8Array): unknown[] {
  return read(bytes).value.history.map(({ v1Compatibility }): unknown => JSON.parse(v1Compatibility))
}

test('encodeSchema1() lists layers from the top, with the empty layer for steps without one', () => {
  const created = '2020-01-01T00:00:00Z'
  const history = [
    { created, created_by: 'ADD base', comment: 'c', author: 'a' },
    { created, created_by: 'ENV x', empty_layer: true },
    { created, created_by: 'ADD top' },
  ]
  const { manifest, config } = image(['a', 'b'], { history })
  const { bytes, layers } = encodeSchema1(manifest, config, names)
  const { value } = read(bytes)
  expect(value).toMatchObject({ ...names, architecture: 'arm64' })
  expect(value.fsLayers).toEqual(
    [blobSum('b'), SCHEMA1_EMPTY_LAYER.digest, blobSum('a')].map((each) => ({ blobSum: each })),
  )
  const base = digestHex(digestOf(`${'a'.repeat(64)} `))
  const env = digestHex(digestOf(`${digestHex(SCHEMA1_EMPTY_LAYER.digest)} ${base}`))
  const top = digestHex(digestOf(`${'b'.repeat(64)} ${env} ${decodeText(config.bytes)}`))
  expect(steps(bytes)).toEqual([
    {
      created: '0001-01-01T00:00:00Z',
      architecture: 'arm64',
      os: 'linux',
      config: { Cmd: ['/bin/sh'] },
      id: top,
      parent: env,
    },
    { created, container_config: { Cmd: ['ENV x'] }, id: env, parent: base, throwaway: true },
    { created, container_config: { Cmd: ['ADD base'] }, author: 'a', comment: 'c', id: base },
  ])
  expect(layers).toEqual([SCHEMA1_EMPTY_LAYER, ...manifest.layers])
})

test('encodeSchema1() makes steps for layers without an entry in the history, and one for an image without layers', () => {
  const { manifest, config } = image(['a', 'b', 'a'], { history: [{ created_by: 'one' }] })
  const { bytes, layers } = encodeSchema1(manifest, config, names)
  expect(read(bytes).value.fsLayers.map((layer) => layer.blobSum)).toEqual(['a', 'b', 'a'].map(blobSum))
  expect(layers.map(({ digest }) => digest)).toEqual(['a', 'b'].map(blobSum))
  const empty = image([])
  const none = encodeSchema1(empty.manifest, empty.config, names)
  expect(read(none.bytes).value.fsLayers).toEqual([{ blobSum: SCHEMA1_EMPTY_LAYER.digest }])
  expect(none.layers).toEqual([SCHEMA1_EMPTY_LAYER])
})

test.each([MEDIA_TYPES.ociLayerZstd, MEDIA_TYPES.dockerForeignLayer, 'text/plain'])(
  'encodeSchema1() refuses a layer of type %s',
  (type) => {
    const { manifest, config } = image(['a'], {}, type)
    expect(() => encodeSchema1(manifest, config, names)).toThrow(
      expect.objectContaining({ code: 'ERR_MANIFEST_CONVERSION', format: 'v2s1', path: 'layers[0]' }),
    )
  },
)

test('schema1EmptyLayer() is an empty tar', () => {
  const bytes = schema1EmptyLayer()
  expect(digestOf(bytes)).toBe(SCHEMA1_EMPTY_LAYER.digest)
  expect(bytes.byteLength).toBe(SCHEMA1_EMPTY_LAYER.size)
  expect(gunzipSync(bytes)).toEqual(Buffer.alloc(1024))
})

test('signSchema1() signs so that the digest stays and the signature fits its key', async () => {
  const { manifest, config } = image(['a'])
  const payload = encodeSchema1(manifest, config, names).bytes
  const signed = await signSchema1(payload)
  expect(read(signed).descriptor.digest).toBe(digestOf(payload))
  expect(read(signed).bytes).toEqual(payload)
  const { signatures } = JSON.parse(decodeText(signed))
  const [{ header, protected: signedHeader, signature }] = signatures
  expect(header.jwk.kid).toMatch(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('jwk', { ...header.jwk, key_ops: ['verify'] }, algorithm, true, ['verify'])
  const text = Buffer.from(`${signedHeader}.${Buffer.from(payload).toString('base64url')}`)
  expect(await crypto.subtle.verify(algorithm, key, Buffer.from(signature, 'base64url'), text)).toBe(true)
  expect(await signSchema1(payload)).not.toEqual(signed)
})
