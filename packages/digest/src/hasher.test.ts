import { fromBytes } from '@drayage/bytes'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { digestOf, digestOfStream } from './hasher.ts'
import { startHash as startNodeHash } from './hash-node.ts'
import { startHash as startPortableHash } from './hash-portable.ts'
import { createHasher } from './hasher.ts'

const algorithms = ['sha256', 'sha512'] as const

test('digestOf() gives the published digests of the empty content', () => {
  expect(digestOf('')).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(digestOf(new Uint8Array(), 'sha512')).toBe(
    'sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
  )
})

test('digestOf() hashes text as UTF-8', () => {
  expect(digestOf('é')).toBe(digestOf(Uint8Array.of(0xc3, 0xa9)))
})

test('any split of the content gives the same digest', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array()), fc.constantFrom(...algorithms), async (chunks, algorithm) => {
      const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))
      const hasher = createHasher(algorithm)
      for (const chunk of chunks) hasher.update(chunk)
      const digest = digestOf(whole, algorithm)
      expect(hasher.digest()).toBe(digest)
      expect(await digestOfStream(fromBytes(...chunks), algorithm)).toEqual({ digest, size: whole.byteLength })
    }),
  )
})

test.each(algorithms)('the portable %s equals that of Node', (algorithm) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
      const [node, portable] = [startNodeHash(algorithm), startPortableHash(algorithm)]
      for (const chunk of chunks) {
        node.update(chunk)
        portable.update(chunk)
      }
      expect(portable.hex()).toBe(node.hex())
    }),
  )
})

test('digestOfStream() closes nothing early and passes on the error of its source', async () => {
  const error = new Error('broken')
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1)
    throw error
  }
  await expect(digestOfStream(broken())).rejects.toBe(error)
})
