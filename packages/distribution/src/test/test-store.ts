import { createGunzip, createZstdDecompress } from 'node:zlib'
import { pipeline, Readable } from 'node:stream'

import type { ByteStream } from '@drayage/bytes'
import { createMemoryStore, writeBlob, type MemoryStore } from '@drayage/content'
import {
  chainId,
  createHasher,
  digestAlgorithm,
  parseDiffId,
  type ChainId,
  type DiffId,
  type Digest,
  type ImageId,
} from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { formatReference } from '@drayage/reference'
import type { TestImage, TestIndex } from '@drayage/testkit'

import type { ImageSink, OtherContent, PulledImage } from '../ports.ts'

/** What a test store has of a target. */
export interface StoredTarget {
  readonly target: Descriptor
  /** Of its images. */
  readonly manifests: ReadonlySet<Digest>
  readonly others: ReadonlyMap<Digest, OtherContent>
}

/** A whole store in memory, which a test can look into. */
export interface TestStore extends ImageSink {
  readonly blobs: MemoryStore
  readonly layersByChain: Map<ChainId, Digest>
  readonly imagesById: Map<ImageId, PulledImage>
  readonly names: Map<string, Descriptor>
  /** Names that were given as pinned. */
  readonly pinned: Set<string>
  readonly targets: Map<Digest, StoredTarget>
  /** The image with a manifest. */
  readonly imageOf: (manifest: Descriptor) => PulledImage | undefined
  readonly kept: Set<Digest>
  /** How many layers are being measured now. */
  readonly measuring: () => number
}

export function testStore(blobs: MemoryStore = createMemoryStore()): TestStore {
  const layersByChain = new Map<ChainId, Digest>()
  const diffIds = new Map<Digest, DiffId[]>()
  const imagesById = new Map<ImageId, PulledImage>()
  const names = new Map<string, Descriptor>()
  const pinned = new Set<string>()
  const targets = new Map<Digest, StoredTarget>()
  const kept = new Set<Digest>()
  const imageOf = ({ digest }: Descriptor): PulledImage | undefined =>
    [...imagesById.values()].find(({ manifest }) => manifest.digest === digest)
  let measuring = 0
  return {
    imageOf,
    blobs,
    layersByChain,
    imagesById,
    names,
    pinned,
    targets,
    kept,
    measuring: () => measuring,
    content: {
      fetch: (what, options) => blobs.fetch(what, options),
      has: (what, options) => blobs.has(what, options),
      begin: (key, options) => blobs.begin(key, options),
      async keep(what) {
        for (const { digest } of what) kept.add(digest)
      },
    },
    layers: {
      async find(blob, { algorithm } = {}) {
        const known = (await blobs.has(blob)) ? (diffIds.get(blob.digest) ?? []) : []
        return known.find((diffId) => algorithm === undefined || digestAlgorithm(diffId) === algorithm)
      },
      async measure(source, options = {}) {
        measuring++
        try {
          const hasher = createHasher(options.algorithm ?? 'sha256')
          for await (const chunk of inflate(source)) hasher.update(chunk)
          options.signal?.throwIfAborted()
          return { diffId: parseDiffId(hasher.digest()) }
        } finally {
          measuring--
        }
      },
      async register(layer, _measurement, { diffId, parent }) {
        const chain = chainId(diffId, parent)
        layersByChain.set(chain, layer.digest)
        diffIds.set(layer.digest, [...(diffIds.get(layer.digest) ?? []), diffId])
        return chain
      },
      async discard() {},
    },
    images: {
      async findImage(manifest) {
        return imageOf(manifest)?.id
      },
      async putImages(received, given) {
        const { target, images, present, others } = received
        const known = targets.get(target.digest)
        targets.set(target.digest, {
          target,
          manifests: new Set([
            ...(known?.manifests ?? []),
            ...[...images.map(({ manifest }) => manifest), ...present].map(({ digest }) => digest),
          ]),
          others: new Map([...(known?.others ?? []), ...others.map((each) => [each.manifest.digest, each] as const)]),
        })
        for (const image of images) imagesById.set(image.id, image)
        for (const { name, isPinned = false } of given) {
          names.set(formatReference(name), target)
          if (isPinned) pinned.add(formatReference(name))
        }
      },
      async targetOf(name) {
        return names.get(formatReference(name))
      },
    },
  }
}

async function* inflate(source: ByteStream): ByteStream {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  async function* all(): ByteStream {
    for (let next = first; next.done !== true; next = await iterator.next()) yield next.value
  }
  const magic = first.done === true ? undefined : first.value[0]
  if (magic === 0x1f) yield* pipeline(Readable.from(all()), createGunzip(), () => {})
  else if (magic === 0x28) yield* pipeline(Readable.from(all()), createZstdDecompress(), () => {})
  else yield* all()
}

/** A store that holds images with all that they have. */
export async function storeOf(...images: readonly (TestImage | TestIndex)[]): Promise<MemoryStore> {
  const store = createMemoryStore()
  for (const [digest, bytes] of images.flatMap((image) => [...image.blobs])) {
    await writeBlob(store, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  return store
}

/** The digests of the content that is visible in a store. */
export async function visible(store: MemoryStore): Promise<Set<Digest>> {
  const digests = new Set<Digest>()
  for await (const { digest } of store.list()) digests.add(digest)
  return digests
}

/** Bytes of `what` that wait in the store for the next try. */
export async function pendingBytes(store: MemoryStore, what: Descriptor): Promise<number> {
  await using ingest = await store.begin(what.digest)
  return ingest.offset
}
