import { gzipSync } from 'node:zlib'

import type { Fetcher } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { expect, test } from 'vitest'

import { gzipSizeHint } from './gzip-size-hint.ts'

const describeLayer = (bytes: Uint8Array, mediaType: string = MEDIA_TYPES.ociLayerGzip): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
})
const holding = (bytes: Uint8Array): Fetcher => ({
  async *fetch(_what, { offset = 0 } = {}) {
    yield bytes.subarray(offset)
  },
})

test('gzipSizeHint() reads the uncompressed size from the last bytes', async () => {
  const bytes = gzipSync(new Uint8Array(123_456))
  expect(await gzipSizeHint(holding(bytes), describeLayer(bytes))).toBe(123_456)
})

test('gzipSizeHint() says nothing of layers that are not gzip', async () => {
  const bytes = new Uint8Array(100)
  expect(await gzipSizeHint(holding(bytes), describeLayer(bytes, MEDIA_TYPES.ociLayerZstd))).toBeUndefined()
})

test('gzipSizeHint() says nothing where the size cannot be right', async () => {
  const bytes = new Uint8Array(100)
  expect(await gzipSizeHint(holding(bytes), describeLayer(bytes))).toBeUndefined()
})

test('gzipSizeHint() says nothing when the bytes cannot be read, and rejects when it is aborted', async () => {
  const bytes = gzipSync(new Uint8Array(1000))
  const failing: Fetcher = {
    async *fetch() {
      yield* []
      throw new Error('gone')
    },
  }
  expect(await gzipSizeHint(failing, describeLayer(bytes))).toBeUndefined()
  const reason = new Error('enough')
  await expect(gzipSizeHint(failing, describeLayer(bytes), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})
