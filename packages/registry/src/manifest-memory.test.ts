import { digestOf } from '@drayage/digest'
import { expect, it } from 'vitest'

import { createManifestMemory } from './manifest-memory.ts'

it('createManifestMemory() holds the manifests pushed last, within its limit', () => {
  const memory = createManifestMemory(10)
  const digests = ['a', 'b', 'c'].map((text) => digestOf(text))
  for (const digest of digests) memory.set(digest, new Uint8Array(4))
  expect(digests.map((digest) => memory.get(digest)?.byteLength)).toEqual([undefined, 4, 4])
  memory.set(digestOf('d'), new Uint8Array(11))
  expect(digests.map((digest) => memory.get(digest))).toEqual([undefined, undefined, undefined])
})
