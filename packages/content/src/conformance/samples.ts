import { type ByteStream, collect, fromBytes } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { encodeManifest, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'

import type { Fetcher, Ingester, RangeOptions } from '../ports.ts'

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
export function sampleOf(bytes: Uint8Array, mediaType = 'application/octet-stream'): Sample {
  return { bytes, what: { mediaType, digest: digestOf(bytes), size: bytes.byteLength } }
}

/** A manifest that needs nothing, which any place of images can hold. */
export function manifestSample(seed: string): Sample {
  const mediaType = MEDIA_TYPES.ociIndex
  const index = { schemaVersion: 2 as const, mediaType, manifests: [], annotations: { seed } }
  return sampleOf(encodeManifest(index), mediaType)
}

/** The content that an artifact without content consists of. @see OCI image-spec v1.1.1, manifest.md, "empty descriptor" */
export const EMPTY: Sample = sampleOf(new TextEncoder().encode('{}'), 'application/vnd.oci.empty.v1+json')

/** A manifest that refers to `subject`, and needs {@link EMPTY} besides. */
export function referrerSample(subject: Descriptor, artifactType: string, seed = ''): Sample {
  const mediaType = MEDIA_TYPES.ociManifest
  const { bytes, what } = sampleOf(
    encodeManifest({
      schemaVersion: 2 as const,
      mediaType,
      artifactType,
      config: EMPTY.what,
      layers: [EMPTY.what],
      subject,
      annotations: { seed },
    }),
    mediaType,
  )
  return { bytes, what: { ...what, artifactType } }
}

/** Puts a sample into a store by one ingest. */
export async function put(store: Ingester, { bytes, what }: Sample): Promise<'committed' | 'already-present'> {
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

/** Lets everything that is due happen, for showing that something does not. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60))
}
