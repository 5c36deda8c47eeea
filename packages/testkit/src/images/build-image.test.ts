import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'

import { digestOf } from '@drayage/digest'
import { checkLayerCount, children, decodeImageConfig, decodeManifest, MEDIA_TYPES } from '@drayage/manifest'
import { extract } from 'tar-stream'
import { expect, test } from 'vitest'

import { buildImage } from './build-image.ts'
import { buildIndex } from './build-index.ts'
import { buildLayer } from './build-layer.ts'
import { randomBytes } from './random-bytes.ts'

const LONG = `${'d'.repeat(90)}/${'e'.repeat(90)}/${'f'.repeat(120)}`

test('buildLayer() keeps names, types, modes, links and content', async () => {
  const layer = await buildLayer([
    { path: 'bin', type: 'dir' },
    { path: 'bin/tool', content: 'text', mode: 0o4755 },
    { path: 'bin/link', type: 'symlink', linkname: 'tool' },
    { path: 'bin/same', type: 'hardlink', linkname: 'bin/tool' },
    { path: LONG, content: new Uint8Array([1, 2, 3]) },
  ])
  const seen: unknown[] = []
  const reader = extract()
  reader.end(Buffer.from(layer.tar))
  for await (const entry of reader) {
    let size = 0
    for await (const chunk of entry) size += (chunk as Uint8Array).byteLength
    seen.push([
      entry.header.name,
      entry.header.type,
      entry.header.mode,
      entry.header.linkname,
      size,
      entry.header.mtime?.getTime(),
    ])
  }
  expect(seen).toEqual([
    ['bin/', 'directory', 0o755, null, 0, 0],
    ['bin/tool', 'file', 0o4755, null, 4, 0],
    ['bin/link', 'symlink', 0o777, 'tool', 0, 0],
    ['bin/same', 'link', 0o644, 'bin/tool', 0, 0],
    [LONG, 'file', 0o644, null, 3, 0],
  ])
})

test.each([
  ['gzip', gunzipSync],
  ['zstd', zstdDecompressSync],
  ['none', (bytes: Uint8Array) => bytes],
] as const)('buildLayer() with %s is the compressed tar', async (compression, inflate) => {
  const layer = await buildLayer([{ path: 'a', content: 'a'.repeat(5000) }], { compression })
  expect(digestOf(inflate(layer.bytes))).toBe(layer.diffId)
  expect(layer.descriptor.digest).toBe(digestOf(layer.bytes))
  expect(layer.descriptor.size).toBe(layer.bytes.byteLength)
})

test.each(['oci', 'docker'] as const)(
  'buildImage() in %s format is whole, valid and the same each time',
  async (format) => {
    const image = await buildImage({ format, layers: [[{ path: 'a', content: 'a' }], [{ path: 'b', content: 'b' }]] })
    const again = await buildImage({ format, layers: [[{ path: 'a', content: 'a' }], [{ path: 'b', content: 'b' }]] })
    expect(again.manifest).toEqual(image.manifest)
    const decoded = decodeManifest(image.manifestBytes, image.manifest)
    if (decoded.kind !== 'image') throw new Error(`unexpected ${decoded.kind}`)
    expect(decoded.descriptor).toEqual(image.manifest)
    for (const child of children(decoded))
      expect(digestOf(image.blobs.get(child.digest) ?? new Uint8Array())).toBe(child.digest)
    const config = decodeImageConfig(image.configBytes, image.config)
    expect(checkLayerCount(decoded.value, config.value)).toEqual(image.layers.map((layer) => layer.diffId))
    expect(image.imageId).toBe(image.config.digest)
    expect(image.blobs.size).toBe(4)
  },
)

test('buildIndex() lists each image with its platform and holds all blobs', async () => {
  const amd64 = await buildImage()
  const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm', variant: 'v7' } })
  const index = buildIndex([amd64, arm], { format: 'docker' })
  const decoded = decodeManifest(index.manifestBytes, index.manifest)
  expect(decoded.descriptor.mediaType).toBe(MEDIA_TYPES.dockerIndex)
  expect(children(decoded).map((child) => child.platform)).toEqual([amd64.platform, arm.platform])
  expect(index.blobs.size).toBe(7)
})

test('randomBytes() depends on the seed only, does not compress, and a prefix is a prefix', () => {
  const bytes = randomBytes(1, 3_000_000)
  expect(digestOf(bytes)).toBe(digestOf(randomBytes('1', 3_000_000)))
  expect(digestOf(bytes.subarray(0, 1_500_000))).toBe(digestOf(randomBytes(1, 1_500_000)))
  expect(digestOf(randomBytes(2, 3_000_000))).not.toBe(digestOf(bytes))
  expect(compressedSize(bytes)).toBeGreaterThan(2_990_000)
})

function compressedSize(bytes: Uint8Array): number {
  return gzipSync(bytes).byteLength
}
