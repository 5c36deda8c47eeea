import { decodeText } from '@drayage/bytes'
import { parseDigest } from '@drayage/digest'
import { expect, test } from 'vitest'

import { decodeManifest } from './decode-manifest.ts'
import { encodeManifest } from './encode.ts'

const config = { size: 2, digest: parseDigest(`sha256:${'a'.repeat(64)}`), mediaType: 'x' }

test('encodeManifest() sorts members, keeps the order of layers and leaves out white space', () => {
  const layers = [
    { ...config, size: 9 },
    { ...config, size: 1 },
  ]
  const text = decodeText(encodeManifest({ schemaVersion: 2, layers, config }))
  const member = (size: number): string => `{"digest":"${config.digest}","mediaType":"x","size":${size}}`
  expect(text).toBe(`{"config":${member(2)},"layers":[${member(9)},${member(1)}],"schemaVersion":2}`)
})

test('encodeManifest() writes what decodeManifest() reads, whatever the names of annotations', () => {
  const annotations = Object.fromEntries([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['\u2028', 'c'],
  ])
  const bytes = encodeManifest({ schemaVersion: 2, config, layers: [], annotations })
  const { value } = decodeManifest(bytes)
  const decoded: unknown = Reflect.get(value, 'annotations')
  expect(Object.entries(decoded ?? {})).toEqual(Object.entries(annotations))
})
