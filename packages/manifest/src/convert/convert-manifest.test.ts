import { parseDigest } from '@drayage/digest'
import { expect, test } from 'vitest'

import { convertIndex } from './convert-index.ts'
import { convertManifest } from './convert-manifest.ts'
import { decodeManifest } from '../manifests/decode-manifest.ts'
import type { Descriptor } from '../descriptor.ts'
import { encodeManifest } from '../manifests/encode.ts'
import type { ImageIndex } from '../manifests/image-index.ts'
import type { ImageManifest } from '../manifests/image-manifest.ts'
import { manifestFormat } from './format.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import { recompressedLayer } from './recompressed-layer.ts'

function blob(mediaType: string, hex: string = 'a'): Descriptor {
  return { mediaType, digest: parseDigest(`sha256:${hex.repeat(64)}`), size: 7 }
}

function image(layers: readonly string[], more: Partial<ImageManifest> = {}): ImageManifest {
  return { schemaVersion: 2, config: blob(MEDIA_TYPES.ociConfig), layers: layers.map((type) => blob(type)), ...more }
}

test.each([
  ['oci', MEDIA_TYPES.dockerLayer, MEDIA_TYPES.ociLayer],
  ['oci', MEDIA_TYPES.dockerLayerGzip, MEDIA_TYPES.ociLayerGzip],
  ['oci', MEDIA_TYPES.dockerLayerZstd, MEDIA_TYPES.ociLayerZstd],
  ['oci', MEDIA_TYPES.dockerForeignLayer, MEDIA_TYPES.ociForeignLayerGzip],
  ['oci', MEDIA_TYPES.ociForeignLayerZstd, MEDIA_TYPES.ociForeignLayerZstd],
  ['v2s2', MEDIA_TYPES.ociLayer, MEDIA_TYPES.dockerLayer],
  ['v2s2', MEDIA_TYPES.ociLayerGzip, MEDIA_TYPES.dockerLayerGzip],
  ['v2s2', MEDIA_TYPES.ociForeignLayerGzip, MEDIA_TYPES.dockerForeignLayer],
] as const)('convertManifest() to %s makes a layer of type %s one of type %s', (format, from, to) => {
  const { value, dropped } = convertManifest(image([from]), format)
  expect(value.layers).toEqual([blob(to)])
  const [manifest, config] =
    format === 'oci'
      ? [MEDIA_TYPES.ociManifest, MEDIA_TYPES.ociConfig]
      : [MEDIA_TYPES.dockerManifest, MEDIA_TYPES.dockerConfig]
  expect(value.mediaType).toBe(manifest)
  expect(value.config).toEqual(blob(config))
  expect(dropped).toEqual([])
  expect(decodeManifest(encodeManifest(value)).descriptor.mediaType).toBe(manifest)
  expect(manifestFormat(manifest)).toBe(format)
})

test.each([
  [MEDIA_TYPES.ociLayerZstd, /found "[^"]*zstd" at "layers\[0\]", expected a layer in gzip \(recompress it\)/],
  [MEDIA_TYPES.dockerLayerZstd, /expected a layer in gzip/],
  [MEDIA_TYPES.ociForeignLayer, /or the format oci/],
  [MEDIA_TYPES.ociForeignLayerZstd, /or the format oci/],
  ['application/vnd.in-toto+json', /expected a layer of an image/],
])('convertManifest() refuses to write a layer of type %s as schema 2', (type, message) => {
  expect(() => convertManifest(image([type]), 'v2s2')).toThrow(
    expect.objectContaining({
      code: 'ERR_MANIFEST_CONVERSION',
      path: 'layers[0]',
      message: expect.stringMatching(message),
    }),
  )
})

test('convertManifest() refuses an artifact', () => {
  const artifact = image([], { config: blob('application/vnd.oci.empty.v1+json') })
  expect(() => convertManifest(artifact, 'v2s2')).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_UNSUPPORTED' }))
})

test('convertManifest() keeps members in OCI and reports which ones schema 2 lacks', () => {
  const manifest = image([MEDIA_TYPES.ociLayerGzip], { annotations: { a: 'b' }, subject: blob('x') })
  const [layer = blob('')] = manifest.layers
  const urls = ['https://elsewhere.example/layer']
  const full = { ...manifest, layers: [{ ...layer, urls, annotations: { c: 'd' }, data: 'eA==' }] }
  expect(convertManifest(full, 'oci')).toEqual({ value: { ...full, mediaType: MEDIA_TYPES.ociManifest }, dropped: [] })
  const { value, dropped } = convertManifest(full, 'v2s2')
  expect(Object.keys(value)).toEqual(['schemaVersion', 'mediaType', 'config', 'layers'])
  expect(value.layers).toEqual([{ ...blob(MEDIA_TYPES.dockerLayerGzip), urls }])
  expect(dropped).toEqual(['annotations', 'subject', 'layers[0].annotations', 'layers[0].data'])
})

test('convertIndex() writes indexes and manifest lists, and keeps platforms', () => {
  const platform = { os: 'linux', architecture: 'arm64', 'os.version': '1' }
  const list: ImageIndex = {
    schemaVersion: 2,
    manifests: [{ ...blob(MEDIA_TYPES.dockerManifest), platform, annotations: { a: 'b' } }],
    annotations: { c: 'd' },
  }
  expect(convertIndex(list, 'v2s2')).toEqual({
    value: {
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.dockerIndex,
      manifests: [{ ...blob(MEDIA_TYPES.dockerManifest), platform }],
    },
    dropped: ['annotations', 'manifests[0].annotations'],
  })
  const index = { ...list, manifests: [{ ...blob(MEDIA_TYPES.ociManifest), platform }] }
  expect(convertIndex(index, 'oci').value).toEqual({ ...index, mediaType: MEDIA_TYPES.ociIndex })
})

test('convertIndex() keeps other content of an OCI index, which a manifest list cannot', () => {
  const index = { schemaVersion: 2, manifests: [blob('application/vnd.example.other')] } as const
  expect(convertIndex(index, 'oci').value.manifests).toEqual(index.manifests)
  expect(() => convertIndex(index, 'v2s2')).toThrow(expect.objectContaining({ code: 'ERR_MANIFEST_CONVERSION' }))
})

test('convertIndex() refuses manifests of the other format and, in a manifest list, without platform', () => {
  const index = { schemaVersion: 2, manifests: [blob(MEDIA_TYPES.dockerManifest)] } as const
  for (const format of ['oci', 'v2s2'] as const) {
    expect(() => convertIndex(index, format)).toThrow(
      expect.objectContaining({ code: 'ERR_MANIFEST_CONVERSION', path: 'manifests[0]', format }),
    )
  }
})

test('recompressedLayer() keeps members about the layer and drops those about its former bytes', () => {
  const layer = {
    ...blob(MEDIA_TYPES.dockerLayerGzip),
    urls: ['https://elsewhere.example/layer'],
    data: 'eA==',
    annotations: {
      'containerd.io/snapshot/stargz/toc.digest': 'x',
      'io.github.containers.zstd-chunked.manifest-position': 'y',
    },
  }
  const other = blob('', 'b')
  expect(recompressedLayer(layer, other, 'zstd')).toEqual({ ...other, mediaType: MEDIA_TYPES.ociLayerZstd })
  const kept = recompressedLayer({ ...layer, annotations: { ...layer.annotations, title: 'z' } }, other, 'gzip')
  expect(kept).toEqual({ ...other, mediaType: MEDIA_TYPES.ociLayerGzip, annotations: { title: 'z' } })
})
