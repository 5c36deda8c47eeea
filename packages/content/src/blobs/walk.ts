import type { AbortOptions } from '@drayage/bytes'
import {
  children,
  decodeManifest,
  type DecodedManifest,
  type Descriptor,
  isForeignLayer,
  manifestKind,
} from '@drayage/manifest'

import { WalkLimitError } from '../errors.ts'
import type { Fetcher } from '../ports.ts'
import { readBlob } from './blobs.ts'

/** How many levels {@link walk} goes down by default: far above an index of indexes of images, the deepest in use. */
export const DEFAULT_MAX_WALK_DEPTH = 16

/** How many pieces of content {@link walk} meets by default: far above the largest indexes in use. */
export const DEFAULT_MAX_WALK_COUNT = 100_000

/** Options of {@link walk}. */
export interface WalkOptions extends AbortOptions {
  /** Resolves to whether to leave out `what` and all that is reached only through it; nothing by default. */
  readonly skip?: (what: Descriptor) => Promise<boolean>
  /** Levels that may be below the root; {@link DEFAULT_MAX_WALK_DEPTH} by default. */
  readonly maxDepth?: number
  /** Pieces of content that the graph may hold, skipped ones included; {@link DEFAULT_MAX_WALK_COUNT} by default. */
  readonly maxCount?: number
}

/** A piece of content that {@link walk} met. */
export interface WalkStep {
  /** The content, as its first parent describes it. */
  readonly descriptor: Descriptor
  /** The content, when it is a manifest or an index. */
  readonly manifest?: DecodedManifest
}

/**
 * Tells pieces of content apart. What one parent calls a layer and another a manifest is two pieces, and so is a layer that
 * only one of them says to be elsewhere: naming it that way first must not hide it.
 */
export function walkIdentity(what: Descriptor): string {
  if (manifestKind(what.mediaType) !== undefined) return `manifest ${what.digest}`
  return `${isForeignLayer(what) ? 'foreign' : 'blob'} ${what.digest}`
}

/**
 * Walks the graph of content below `root`, children before their parents, each piece once. Only manifests and indexes are
 * read, one path of them is in memory at a time, and none of them is followed twice.
 *
 * @throws WalkLimitError `ERR_WALK_LIMIT`
 * @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX` and the other errors of `decodeManifest`
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND` and the other errors of {@link readBlob}
 */
export async function* walk(
  source: Fetcher,
  root: Descriptor,
  options: WalkOptions = {},
): AsyncGenerator<WalkStep, void, void> {
  const { skip, signal, maxDepth = DEFAULT_MAX_WALK_DEPTH, maxCount = DEFAULT_MAX_WALK_COUNT } = options
  const met = new Set<string>()

  async function* visit(descriptor: Descriptor, depth: number): AsyncGenerator<WalkStep, void, void> {
    signal?.throwIfAborted()
    const isManifest = manifestKind(descriptor.mediaType) !== undefined
    const identity = walkIdentity(descriptor)
    if (met.has(identity)) return
    if (depth > maxDepth) throw new WalkLimitError(descriptor.digest, 'maxDepth', maxDepth)
    if (met.size >= maxCount) throw new WalkLimitError(descriptor.digest, 'maxCount', maxCount)
    met.add(identity)
    if (skip !== undefined && (await skip(descriptor))) return
    if (!isManifest) return yield { descriptor }
    const bytes = await readBlob(source, descriptor, { signal })
    const manifest = decodeManifest(bytes, { mediaType: descriptor.mediaType, digest: descriptor.digest })
    for (const child of children(manifest)) yield* visit(child, depth + 1)
    yield { descriptor, manifest }
  }

  yield* visit(root, 0)
}
