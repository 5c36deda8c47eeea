import { encodeText } from '@drayage/bytes'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { decodeManifest, type DecodeManifestOptions, type DecodedManifest } from './decode-manifest.ts'
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

test.each<[string, unknown, string | undefined, DecodedManifest['kind'], string]>([
  ['its own type', IMAGE, undefined, 'image', MEDIA_TYPES.ociManifest],
  ['both types', IMAGE, MEDIA_TYPES.ociManifest, 'image', MEDIA_TYPES.ociManifest],
  [
    'a type with parameters',
    IMAGE,
    `${MEDIA_TYPES.ociManifest.toUpperCase()} ; charset=utf-8`,
    'image',
    MEDIA_TYPES.ociManifest,
  ],
  ['the given type', UNTYPED_IMAGE, MEDIA_TYPES.ociManifest, 'image', MEDIA_TYPES.ociManifest],
  ['config or layers', UNTYPED_IMAGE, undefined, 'image', MEDIA_TYPES.ociManifest],
  ['a given type that says nothing', UNTYPED_IMAGE, 'application/json', 'image', MEDIA_TYPES.ociManifest],
  ['no type and manifests', UNTYPED_INDEX, undefined, 'index', MEDIA_TYPES.ociIndex],
  ['an index type', INDEX, '', 'index', MEDIA_TYPES.ociIndex],
  [
    'a docker type',
    { ...IMAGE, mediaType: MEDIA_TYPES.dockerManifest },
    undefined,
    'image',
    MEDIA_TYPES.dockerManifest,
  ],
  [
    'a list type',
    { ...INDEX, mediaType: MEDIA_TYPES.dockerIndex },
    MEDIA_TYPES.dockerIndex,
    'index',
    MEDIA_TYPES.dockerIndex,
  ],
  ['fsLayers', SCHEMA1, undefined, 'schema1', MEDIA_TYPES.schema1],
  ['the signed schema 1 type', SCHEMA1, MEDIA_TYPES.schema1Signed, 'schema1', MEDIA_TYPES.schema1Signed],
  ['the empty type', { ...IMAGE, mediaType: '' }, undefined, 'image', MEDIA_TYPES.ociManifest],
])('decodeManifest() knows a manifest by %s', (_by, document, mediaType, kind, wanted) => {
  const decoded = decode(document, { mediaType })
  expect(decoded.kind).toBe(kind)
  expect(decoded.descriptor.mediaType).toBe(wanted)
})

test.each<[string, unknown, string?]>([
  ['an image with manifests', { ...IMAGE, manifests: [] }],
  ['an image with manifests as index', { ...IMAGE, manifests: [] }, MEDIA_TYPES.ociIndex],
  ['an image without type with manifests', { ...UNTYPED_IMAGE, manifests: [] }],
  ['an image with manifests: null', { ...IMAGE, manifests: null }],
  ['an image with fsLayers', { ...IMAGE, fsLayers: [] }],
  ['an image without type with fsLayers', { ...UNTYPED_IMAGE, fsLayers: [] }],
  ['an index with config', { ...INDEX, config: CONFIG }],
  ['an index with layers', { ...INDEX, layers: [] }],
  ['an index with fsLayers', { ...INDEX, fsLayers: [] }],
  ['an index with history', { ...INDEX, history: [] }],
  ['schema 1 with layers', { ...SCHEMA1, layers: [] }, MEDIA_TYPES.schema1],
  ['schema 1 with manifests', { ...SCHEMA1, manifests: [] }, MEDIA_TYPES.schema1],
  ['schema 1 with config', { ...SCHEMA1, config: CONFIG }],
  ['fsLayers and manifests', { ...SCHEMA1, manifests: [] }],
  ['Manifests', { ...IMAGE, Manifests: [] }],
  ['a layer with Digest', { ...IMAGE, layers: [{ ...LAYER, Digest: DIGEST }] }],
  ['MediaType', { ...IMAGE, MediaType: MEDIA_TYPES.ociIndex }],
  ['layers twice', JSON.stringify(IMAGE).replace('"layers":', '"layers":[],"layers":')],
  ['an image of type index', IMAGE, MEDIA_TYPES.ociIndex],
  ['an index of type image', INDEX, MEDIA_TYPES.dockerManifest],
  ['an OCI image of Docker type', IMAGE, MEDIA_TYPES.dockerManifest],
  ['an image of another type', IMAGE, 'application/vnd.example+json'],
])('decodeManifest() refuses %s', (_what, document, mediaType) => {
  expect(codeOf(() => decode(document, { mediaType }))).toBe('ERR_MANIFEST_AMBIGUOUS')
})

test.each<[string, unknown, string?]>([
  ['an unknown type of its own', { ...IMAGE, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' }],
  ['an unknown type', UNTYPED_IMAGE, 'application/vnd.oci.artifact.manifest.v1+json'],
  ['the type of a config', UNTYPED_IMAGE, MEDIA_TYPES.ociConfig],
  ['a page of HTML', {}, 'text/html'],
])('decodeManifest() reports %s as unsupported', (_what, document, mediaType) => {
  expect(codeOf(() => decode(document, { mediaType }))).toBe('ERR_MANIFEST_UNSUPPORTED')
})

test('decodeManifest() accepts no document both as image and as index', () => {
  const member = fc.constantFrom('config', 'layers', 'manifests', 'fsLayers', 'history', 'mediaType', 'x')
  fc.assert(
    fc.property(fc.uniqueArray(member), fc.constantFrom(IMAGE, INDEX), (members, base) => {
      const document: Record<string, unknown> = { schemaVersion: 2 }
      for (const name of members)
        document[name] = Reflect.get({ ...IMAGE, ...INDEX, fsLayers: [], history: [], x: 1 }, name)
      if (members.includes('mediaType')) document['mediaType'] = base.mediaType
      const codes = [MEDIA_TYPES.ociManifest, MEDIA_TYPES.ociIndex].map((mediaType) =>
        codeOf(() => decode(document, { mediaType })),
      )
      expect(codes.filter((code) => code === undefined).length).toBeLessThanOrEqual(1)
    }),
  )
})
