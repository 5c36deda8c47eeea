import { digestOf, parseImageId, type Digest, type ImageId } from '@drayage/digest'
import {
  encodeImageConfig,
  encodeManifest,
  MEDIA_TYPES,
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  type LayerCompression,
  type Platform,
} from '@drayage/manifest'

import { buildLayer, layerMediaType, type TestFormat, type TestLayer } from './build-layer.ts'
import type { TestFile } from './build-tar.ts'

/** How to build an image. */
export interface BuildImageOptions {
  /** Layers bottom to top, built or as entries; one layer with the file `platform.txt` by default. */
  readonly layers?: readonly (TestLayer | readonly TestFile[])[]
  /** Of layers given as entries; `gzip` by default. */
  readonly compression?: LayerCompression
  /** `linux/amd64` by default. */
  readonly platform?: Platform
  /** `oci` by default. */
  readonly format?: TestFormat
  /** Members to add to the config, or to replace in it. */
  readonly config?: Partial<ImageConfig>
  /** Members to add to the manifest, or to replace in it. */
  readonly manifest?: Partial<ImageManifest>
}

/** An image in memory. */
export interface TestImage {
  readonly manifest: Descriptor
  readonly manifestBytes: Uint8Array
  readonly manifestValue: ImageManifest
  readonly config: Descriptor
  readonly configBytes: Uint8Array
  readonly configValue: ImageConfig
  readonly layers: readonly TestLayer[]
  readonly platform: Platform
  readonly imageId: ImageId
  /** Everything by digest: manifest, config and layers. */
  readonly blobs: Map<Digest, Uint8Array>
}

/** An image with these layers, a matching config and a manifest. Equal options give equal bytes under the same Node. */
export async function buildImage(options: BuildImageOptions = {}): Promise<TestImage> {
  const format = options.format ?? 'oci'
  const platform = options.platform ?? { os: 'linux', architecture: 'amd64' }
  const layers = await buildLayers(options, format, platform)
  const configValue: ImageConfig = {
    ...platform,
    created: '1970-01-01T00:00:00Z',
    config: { Env: ['PATH=/usr/bin:/bin'], Cmd: ['/bin/sh'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((_, index) => ({ created: '1970-01-01T00:00:00Z', created_by: `layer ${index}` })),
    ...options.config,
  }
  const configBytes = encodeImageConfig(configValue)
  const config = describe(format === 'oci' ? MEDIA_TYPES.ociConfig : MEDIA_TYPES.dockerConfig, configBytes)
  const manifestValue: ImageManifest = {
    schemaVersion: 2,
    mediaType: format === 'oci' ? MEDIA_TYPES.ociManifest : MEDIA_TYPES.dockerManifest,
    config,
    layers: layers.map((layer) => layer.descriptor),
    ...options.manifest,
  }
  const manifestBytes = encodeManifest(manifestValue)
  const manifest = describe(manifestValue.mediaType ?? MEDIA_TYPES.ociManifest, manifestBytes)
  const blobs = new Map<Digest, Uint8Array>(layers.map((layer) => [layer.descriptor.digest, layer.bytes]))
  blobs.set(config.digest, configBytes).set(manifest.digest, manifestBytes)
  const imageId = parseImageId(config.digest)
  return { manifest, manifestBytes, manifestValue, config, configBytes, configValue, layers, platform, imageId, blobs }
}

/** The descriptor of `bytes`. */
export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
}

async function buildLayers(options: BuildImageOptions, format: TestFormat, platform: Platform): Promise<TestLayer[]> {
  const name = `${platform.os}/${platform.architecture}${platform.variant === undefined ? '' : `/${platform.variant}`}`
  const wanted = options.layers ?? [[{ path: 'platform.txt', content: `${name}\n` }]]
  const layers: TestLayer[] = []
  for (const entry of wanted) {
    const layer = isLayer(entry) ? entry : await buildLayer(entry, { compression: options.compression ?? 'gzip' })
    const mediaType = layerMediaType(format, layer.compression)
    layers.push({ ...layer, descriptor: { ...layer.descriptor, mediaType } })
  }
  return layers
}

function isLayer(entry: TestLayer | readonly TestFile[]): entry is TestLayer {
  return 'descriptor' in entry
}
