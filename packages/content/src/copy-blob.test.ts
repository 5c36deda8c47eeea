import { type ByteStream, fromBytes } from '@drayage/bytes'
import { digestOf, LongContentError, ShortContentError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { expect, test } from 'vitest'

import { copyBlob } from './copy-blob.ts'
import { createMemoryStore } from './memory-store.ts'
import type { Fetcher, RangeOptions } from './ports.ts'
import { readBlob } from './read-blob.ts'
import { writeBlob } from './write-blob.ts'

const bytes: Uint8Array = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 31) % 251)
const what: Descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength }

/** Records the offsets asked for and cuts every answer after `most` bytes. */
function cutting(source: Fetcher, most: number): Fetcher & { readonly offsets: number[] } {
  const offsets: number[] = []
  async function* fetch(wanted: Descriptor, options: RangeOptions = {}): ByteStream {
    offsets.push(options.offset ?? 0)
    let left = most
    for await (const chunk of source.fetch(wanted, options)) {
      if (left === 0) return
      yield chunk.subarray(0, left)
      left -= Math.min(left, chunk.byteLength)
    }
  }
  return { offsets, fetch }
}

test('copyBlob() copies, reports progress, and skips what is there', async () => {
  const source = createMemoryStore()
  const sink = createMemoryStore()
  await writeBlob(source, what, bytes)
  const progress: number[] = []
  expect(await copyBlob(source, sink, what, { onProgress: (soFar) => progress.push(soFar) })).toBe('copied')
  expect(progress).toEqual([65_536, 131_072, 196_608, 200_000])
  expect(await readBlob(sink, what)).toEqual(bytes)
  expect(await copyBlob({ fetch: () => expect.unreachable() }, sink, what)).toBe('already-present')
})

test('copyBlob() keeps the bytes of a short source and goes on after them', async () => {
  const source = createMemoryStore()
  const sink = createMemoryStore()
  await writeBlob(source, what, bytes)
  const cut = cutting(source, 70_000)
  await expect(copyBlob(cut, sink, what)).rejects.toThrow(ShortContentError)
  await expect(copyBlob(cut, sink, what)).rejects.toThrow(ShortContentError)
  const progress: number[] = []
  expect(await copyBlob(cut, sink, what, { onProgress: (soFar) => progress.push(soFar) })).toBe('copied')
  expect(cut.offsets).toEqual([0, 70_000, 140_000])
  expect(progress).toEqual([140_000, 200_000])
  expect(await readBlob(sink, what)).toEqual(bytes)
})

test('copyBlob() starts again once when the bytes of an earlier run are wrong', async () => {
  const source = createMemoryStore()
  await writeBlob(source, what, bytes)
  for (const wrong of [1, 200_000, 200_001]) {
    const sink = createMemoryStore()
    {
      await using ingest = await sink.begin(what.digest)
      await ingest.append(fromBytes(new Uint8Array(wrong).fill(7)))
    }
    expect(await copyBlob(source, sink, what)).toBe('copied')
    expect(await readBlob(sink, what)).toEqual(bytes)
  }
})

test('copyBlob() drops what a source sends past the end', async () => {
  const sink = createMemoryStore()
  const longer: Fetcher = { fetch: () => fromBytes(bytes, 'more') }
  await expect(copyBlob(longer, sink, what)).rejects.toThrow(LongContentError)
  await using ingest = await sink.begin(what.digest)
  expect(ingest.offset).toBe(0)
})

test('copyBlob() fetches once when two copy the same content', async () => {
  const source = createMemoryStore()
  const sink = createMemoryStore()
  await writeBlob(source, what, bytes)
  const counted = cutting(source, Infinity)
  const outcomes = await Promise.all([copyBlob(counted, sink, what), copyBlob(counted, sink, what)])
  expect(outcomes.toSorted()).toEqual(['already-present', 'copied'])
  expect(counted.offsets).toEqual([0])
})

test('copyBlob() copies empty content', async () => {
  const empty: Descriptor = { mediaType: 'application/octet-stream', digest: digestOf(''), size: 0 }
  const sink = createMemoryStore()
  expect(await copyBlob({ fetch: () => fromBytes() }, sink, empty)).toBe('copied')
  expect(await sink.has(empty)).toBe(true)
})

test('copyBlob() rejects with the reason of its signal', async () => {
  const reason = new Error('enough')
  const copying = copyBlob(createMemoryStore(), createMemoryStore(), what, { signal: AbortSignal.abort(reason) })
  await expect(copying).rejects.toBe(reason)
})
