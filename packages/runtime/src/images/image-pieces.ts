import type { AbortOptions } from '@drayage/bytes'
import { chainIds } from '@drayage/digest'
import { isForeignLayerType, isIndexType } from '@drayage/manifest'

import type { Store } from '../store/store.ts'
import { uncompressedSizes } from './image-facts.ts'
import type { ShownImage } from './shown-image.ts'

/** What the size of an image is made of, by digest: its bytes. Images that have an entry in common share it. */
export type Pieces = ReadonlyMap<string, number>

/** Reads what the size of an image is made of. */
export type PiecesReader = (image: ShownImage) => Promise<Pieces>

/** The uncompressed layers of the platform that is shown, or all content that is here of any platform, as it is stored. */
export type SizeKind = 'layers' | 'content'

/** Reads what the sizes of images are made of, each image once. */
export function createPiecesReader(store: Store, kind: SizeKind, options: AbortOptions): PiecesReader {
  const read = kind === 'layers' ? layerPieces : contentPieces
  const known = new Map<ShownImage, Pieces>()
  return async (image) => {
    const pieces = known.get(image) ?? (await read(store, image, options))
    known.set(image, pieces)
    return pieces
  }
}

/** The entries that several images have. */
export async function sharedPieces(
  images: readonly ShownImage[],
  piecesOf: PiecesReader,
): Promise<ReadonlySet<string>> {
  const met = new Set<string>()
  const shared = new Set<string>()
  for (const image of images) for (const key of (await piecesOf(image)).keys()) (met.has(key) ? shared : met).add(key)
  return shared
}

/** The bytes of all pieces, or of those that are among `counted`. */
export function bytesOfPieces(pieces: Pieces, counted?: ReadonlySet<string>): number {
  let sum = 0
  for (const [key, bytes] of pieces) if (counted?.has(key) !== false) sum += bytes
  return sum
}

async function layerPieces(store: Store, { platform }: ShownImage, options: AbortOptions): Promise<Pieces> {
  if (platform === undefined) return new Map()
  try {
    const { value } = await store.images.readConfig(platform, options)
    const diffIds = value.rootfs?.diff_ids ?? []
    const sizes = await uncompressedSizes(store, diffIds)
    return new Map(chainIds(diffIds).map((id, at) => [id, sizes[at] ?? 0]))
  } catch {
    options.signal?.throwIfAborted()
    // What layers inflate to is known by the config: without it, what they take is.
    return new Map(platform.layers.map(({ digest, size }) => [digest, size]))
  }
}

/** By what the store knows to be here; layers that may be kept elsewhere are looked for. */
async function contentPieces({ content }: Store, { stored }: ShownImage, options: AbortOptions): Promise<Pieces> {
  const pieces = new Map<string, number>()
  for (const { platforms, others } of stored) {
    const images = platforms.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers])
    const rest = others.flatMap(({ manifest, parts }) =>
      isIndexType(manifest.mediaType) ? parts : [manifest, ...parts],
    )
    for (const part of [...images, ...rest]) {
      if (!isForeignLayerType(part.mediaType) || (await content.has(part, options))) pieces.set(part.digest, part.size)
    }
  }
  return pieces
}
