import type { Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { decodeManifest, isIndexType, MAX_MANIFEST_BYTES, type DecodedIndex, type Descriptor } from '@drayage/manifest'

import { MAX_HELD_INDEX_BYTES, MAX_INDEX_DEPTH, MAX_SEARCHED_MANIFESTS } from './defaults.ts'
import { NotAnImageError } from './errors.ts'
import { readSmall, type FetchSmallOptions } from './fetch-manifest.ts'

/** Options of {@link readIndexTree}. */
export interface ReadIndexTreeOptions extends FetchSmallOptions {
  /** What the user asked for, for messages. */
  readonly name: string
}

/**
 * An index and those within it, by digest; none for an image.
 *
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for too many of them
 */
export async function readIndexTree(
  source: Fetcher,
  target: Descriptor,
  options: ReadIndexTreeOptions,
): Promise<ReadonlyMap<Digest, DecodedIndex>> {
  const { name } = options
  const indexes = new Map<Digest, DecodedIndex>()
  let bytesHeld = 0
  const read = async (what: Descriptor, depth: number): Promise<void> => {
    if (!isIndexType(what.mediaType) || indexes.has(what.digest)) return
    if (depth > MAX_INDEX_DEPTH) throw new NotAnImageError(name, `an index nested deeper than ${MAX_INDEX_DEPTH}`)
    if (indexes.size >= MAX_SEARCHED_MANIFESTS) {
      throw new NotAnImageError(name, `indexes of more than ${MAX_SEARCHED_MANIFESTS} indexes`)
    }
    bytesHeld += what.size
    if (bytesHeld > MAX_HELD_INDEX_BYTES) {
      throw new NotAnImageError(name, `indexes of more than ${MAX_HELD_INDEX_BYTES} bytes`)
    }
    const bytes = await readSmall(source, what, { ...options, kind: 'manifest', maxBytes: MAX_MANIFEST_BYTES })
    const manifest = decodeManifest(bytes, { mediaType: what.mediaType, digest: what.digest })
    if (manifest.kind !== 'index') return
    indexes.set(what.digest, manifest)
    for (const child of manifest.value.manifests) await read(child, depth + 1)
  }
  await read(target, 0)
  return indexes
}
