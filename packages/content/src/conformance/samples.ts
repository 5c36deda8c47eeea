import { type ByteStream, collect, fromBytes } from '@drayage/bytes'
import { type Digest, digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { ContentStore, Fetcher, RangeOptions } from '../ports.ts'

/** Content to test with. */
export interface Sample {
  readonly bytes: Uint8Array
  readonly what: Descriptor
}

/** Numbers from 0 up to `below`, the same for the same seed. */
export function createRandom(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Content of this length, the same for the same seed. */
export function sample(length: number, seed = 1): Sample {
  const random = createRandom(seed)
  return sampleOf(Uint8Array.from({ length }, () => random(256)))
}

/** `bytes` as content. */
export function sampleOf(bytes: Uint8Array): Sample {
  return { bytes, what: { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength } }
}

/** Puts a sample into a store by one ingest. */
export async function put(store: ContentStore, { bytes, what }: Sample): Promise<'committed' | 'already-present'> {
  await using ingest = await store.begin(what.digest)
  await ingest.append(fromBytes(bytes))
  return await ingest.commit(what)
}

/** Reads all that a fetch gives. */
export function read(source: Fetcher, what: Descriptor, options?: RangeOptions): Promise<Uint8Array> {
  return collect(source.fetch(what, options), { maxBytes: 2 ** 30 })
}

/** Yields `bytes` and then rejects with `reason`. */
export async function* breaking(bytes: Uint8Array, reason: unknown): ByteStream {
  yield bytes
  throw reason
}

/** Yields `bytes`, calls `onSilence` and then gives nothing more and no end. */
export async function* silentAfter(bytes: Uint8Array, onSilence: () => void): ByteStream {
  yield bytes
  onSilence()
  await new Promise<never>(() => {})
}

/** The digests that a store lists, sorted. */
export async function listed(store: ContentStore): Promise<Digest[]> {
  const digests: Digest[] = []
  for await (const { digest } of store.list()) digests.push(digest)
  return digests.toSorted()
}

/** Lets everything that is due happen, for showing that something does not. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60))
}
