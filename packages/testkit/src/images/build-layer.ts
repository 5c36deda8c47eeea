import { gzipSync, zstdCompressSync } from 'node:zlib'

import { digestOf, parseDiffId, type DiffId } from '@drayage/digest'
import { MEDIA_TYPES, type Descriptor, type LayerCompression } from '@drayage/manifest'

import { buildTar, type TestFile } from './build-tar.ts'

/** Whose media types to use. */
export type TestFormat = 'oci' | 'docker'

/** How to build a layer. */
export interface BuildLayerOptions {
  /** `gzip` by default. */
  readonly compression?: LayerCompression
  /** `oci` by default. */
  readonly format?: TestFormat
}

/** A layer in memory. */
export interface TestLayer {
  readonly descriptor: Descriptor
  /** As a registry has it. */
  readonly bytes: Uint8Array
  readonly compression: LayerCompression
  readonly diffId: DiffId
  /** Uncompressed. */
  readonly tar: Uint8Array
}

const LAYER_TYPES: Readonly<Record<TestFormat, Readonly<Record<LayerCompression, string>>>> = {
  oci: { none: MEDIA_TYPES.ociLayer, gzip: MEDIA_TYPES.ociLayerGzip, zstd: MEDIA_TYPES.ociLayerZstd },
  docker: { none: MEDIA_TYPES.dockerLayer, gzip: MEDIA_TYPES.dockerLayerGzip, zstd: MEDIA_TYPES.dockerLayerZstd },
}

/** A layer with these entries in this order. Equal entries and options give equal bytes under the same Node. */
export async function buildLayer(files: readonly TestFile[], options: BuildLayerOptions = {}): Promise<TestLayer> {
  return layerFromTar(await buildTar(files), options)
}

/** A layer whose uncompressed bytes are `tar`, which need not be a tar at all. */
export function layerFromTar(tar: Uint8Array, options: BuildLayerOptions = {}): TestLayer {
  const compression = options.compression ?? 'gzip'
  const bytes = compress(tar, compression)
  const mediaType = layerMediaType(options.format ?? 'oci', compression)
  return {
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength },
    bytes,
    compression,
    diffId: parseDiffId(digestOf(tar)),
    tar,
  }
}

/** The media type of a layer. */
export function layerMediaType(format: TestFormat, compression: LayerCompression): string {
  return LAYER_TYPES[format][compression]
}

function compress(tar: Uint8Array, compression: LayerCompression): Uint8Array {
  switch (compression) {
    case 'none':
      return tar
    case 'gzip':
      return Uint8Array.from(gzipSync(tar, { level: 6 }))
    case 'zstd':
      return Uint8Array.from(zstdCompressSync(tar))
  }
}
