import { parseDigest } from '@drayage/digest'
import { expect, test } from 'vitest'

import { configClass, requireImageConfig } from './config/image-checks.ts'
import { UnsupportedConfigError } from './errors.ts'
import {
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  layerCompression,
  MANIFEST_ACCEPT,
  manifestKind,
  MEDIA_TYPES,
} from './media-types.ts'

test.each(Object.entries(MEDIA_TYPES))('%s is a manifest, a layer or neither, as its name says', (name, mediaType) => {
  expect(isManifestType(mediaType)).toBe(/Manifest$|Index$|^schema1/.test(name))
  expect(isIndexType(mediaType)).toBe(name.endsWith('Index'))
  expect(isLayerType(mediaType)).toBe(name.includes('Layer'))
  expect(isForeignLayerType(mediaType)).toBe(name.includes('Foreign'))
  const compression =
    name.endsWith('Gzip') || name === 'dockerForeignLayer' ? 'gzip' : name.endsWith('Zstd') ? 'zstd' : 'none'
  expect(layerCompression(mediaType)).toBe(name.includes('Layer') ? compression : undefined)
  expect(MANIFEST_ACCEPT.includes(mediaType)).toBe(isManifestType(mediaType))
})

test('media types are looked up verbatim, even those named like members of objects', () => {
  for (const mediaType of ['', 'constructor', '__proto__', 'application/json', MEDIA_TYPES.ociLayer.toUpperCase()]) {
    expect(manifestKind(mediaType)).toBeUndefined()
    expect(isLayerType(mediaType)).toBe(false)
  }
})

test.each([
  [MEDIA_TYPES.dockerConfig, 'image'],
  [MEDIA_TYPES.ociConfig, 'image'],
  ['application/octet-stream', 'image'],
  ['application/json', 'image'],
  ['text/html', 'image'],
  ['', 'image'],
  [MEDIA_TYPES.dockerPluginConfig, 'plugin'],
  [MEDIA_TYPES.ociEmpty, 'unknown'],
  ['application/vnd.cncf.helm.config.v1+json', 'unknown'],
] as const)('configClass() of %j is %s', (mediaType, wanted) => {
  expect(configClass(mediaType)).toBe(wanted)
  const config = { mediaType, digest: parseDigest(`sha256:${'a'.repeat(64)}`), size: 1 }
  let found: unknown = 'image'
  try {
    requireImageConfig({ schemaVersion: 2, config, layers: [] })
  } catch (error) {
    found = error instanceof UnsupportedConfigError && error.mediaType === mediaType ? error.configClass : error
  }
  expect(found).toBe(wanted)
})
