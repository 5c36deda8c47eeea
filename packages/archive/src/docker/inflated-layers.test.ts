import { gzipSync } from 'node:zlib'

import { collect } from '@drayage/bytes'
import { createInflater, type Inflater } from '@drayage/compression'
import type { Fetcher } from '@drayage/content'
import { digestOf, parseDiffId } from '@drayage/digest'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { inflatedLayers } from './inflated-layers.ts'

let inflater: Inflater

beforeEach(() => void (inflater = createInflater({ workers: 1 })))
afterEach(() => inflater[Symbol.asyncDispose]())

const holding = (bytes: Uint8Array): Fetcher => ({
  async *fetch(_, { offset = 0 } = {}) {
    yield bytes.slice(offset)
  },
})
const describeLayer = (bytes: Uint8Array, mediaType: string): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
})

/** The hint for a layer of these bytes. */
async function hintOf(
  bytes: Uint8Array,
  options: { readonly mediaType?: string; readonly source?: Fetcher; readonly signal?: AbortSignal } = {},
): Promise<number | undefined> {
  const { mediaType = MEDIA_TYPES.ociLayerGzip, source = holding(bytes), signal } = options
  const descriptor = describeLayer(bytes, mediaType)
  const [layer] = await inflatedLayers(inflater, source, [{ descriptor, diffId: parseDiffId(digestOf('')) }], {
    signal,
  })
  return layer?.sizeHint
}

describe('inflatedLayers()', () => {
  test('takes the size of a gzip layer from its last bytes', async () => {
    expect(await hintOf(gzipSync(new Uint8Array(123_456)))).toBe(123_456)
  })

  test('guesses no size of other layers, nor one that cannot be right', async () => {
    expect(await hintOf(new Uint8Array(100), { mediaType: MEDIA_TYPES.ociLayerZstd })).toBeUndefined()
    expect(await hintOf(new Uint8Array(100))).toBeUndefined()
  })

  test('guesses no size where the end cannot be read, and stops when it is aborted', async () => {
    const bytes = gzipSync(new Uint8Array(1000))
    const source: Fetcher = {
      async *fetch() {
        yield* []
        throw new Error('gone')
      },
    }
    expect(await hintOf(bytes, { source })).toBeUndefined()
    const reason = new Error('enough')
    await expect(hintOf(bytes, { source, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('gives the tar of a layer, and refuses another one', async () => {
    const tar = new Uint8Array(100_000).fill(7)
    const descriptor = describeLayer(gzipSync(tar), MEDIA_TYPES.ociLayerGzip)
    const read = async (diffId: string): Promise<Uint8Array> => {
      const stored = [{ descriptor, diffId: parseDiffId(diffId) }]
      const [layer] = await inflatedLayers(inflater, holding(gzipSync(tar)), stored)
      if (layer === undefined) throw new Error('no layer')
      return await collect(layer.open({}), { maxBytes: 1_000_000 })
    }
    expect(digestOf(await read(digestOf(tar)))).toBe(digestOf(tar))
    await expect(read(digestOf('other'))).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
  })
})
