import type { Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { isIndexType, type DecodedIndex, type Descriptor } from '@drayage/manifest'

import { MAX_HELD_INDEX_BYTES, MAX_INDEX_DEPTH, MAX_SEARCHED_MANIFESTS } from '../defaults.ts'
import { NotAnImageError } from '../errors.ts'
import { isUnknownContent, type AttemptContext } from '../retry/attempt.ts'
import { readManifest } from '../retry/small-content.ts'

/** Options of {@link readIndexTree}. */
export interface ReadIndexTreeOptions extends AttemptContext {
  /** What the user asked for, for messages. */
  readonly name: string
  /** Which indexes are read; all by default. */
  readonly isRead?: (what: Descriptor) => Promise<boolean>
  /** Whether indexes within the index may be missing, which are then left out; `false` by default. */
  readonly mayLack?: boolean
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
  const { name, mayLack = false, signal } = options
  const indexes = new Map<Digest, DecodedIndex>()
  let bytesHeld = 0
  const read = async (what: Descriptor, depth: number): Promise<void> => {
    if (!isIndexType(what.mediaType) || indexes.has(what.digest)) return
    if (options.isRead !== undefined && !(await options.isRead(what))) return
    if (depth > MAX_INDEX_DEPTH) throw new NotAnImageError(name, `an index nested deeper than ${MAX_INDEX_DEPTH}`)
    if (indexes.size >= MAX_SEARCHED_MANIFESTS) {
      throw new NotAnImageError(name, `indexes of more than ${MAX_SEARCHED_MANIFESTS} indexes`)
    }
    bytesHeld += what.size
    if (bytesHeld > MAX_HELD_INDEX_BYTES) {
      throw new NotAnImageError(name, `indexes of more than ${MAX_HELD_INDEX_BYTES} bytes`)
    }
    const manifest = await readManifest(source, what, options).catch((error: unknown) => {
      signal?.throwIfAborted()
      if (depth === 0 || !mayLack || !isUnknownContent(error)) throw error
    })
    if (manifest?.kind !== 'index') return
    indexes.set(what.digest, manifest)
    for (const child of manifest.value.manifests) await read(child, depth + 1)
  }
  await read(target, 0)
  return indexes
}
