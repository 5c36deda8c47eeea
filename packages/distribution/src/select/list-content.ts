import { walk, type Checker, type Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { isForeignLayer, type Descriptor } from '@drayage/manifest'

import { readIndexTree, type ReadIndexTreeOptions } from './index-tree.ts'

/** A manifest that an index lists, itself or in an index within it. */
export interface ListedContent {
  /** As the index describes it. */
  readonly manifest: Descriptor
  /** Whether the source has it, and all that it needs. */
  readonly isThere: boolean
}

/** Options of {@link listContent}. */
export interface ListContentOptions extends ReadIndexTreeOptions {
  /** Whether layers that are kept at URLs have to be there too; `false` by default. */
  readonly needsForeign?: boolean
}

/**
 * What a source has of an index: its images, attestations and other manifests in the order of the index, each once, those of
 * indexes within it in their place. An index within it that is not there stands for all that it lists; anything else than
 * an index is its only entry.
 *
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for too many indexes
 * @throws TransferError `ERR_TRANSFER` and the other errors of `walk`
 */
export async function listContent(
  source: Fetcher & Checker,
  target: Descriptor,
  options: ListContentOptions,
): Promise<readonly ListedContent[]> {
  const { signal } = options
  const has = (what: Descriptor): Promise<boolean> => source.has(what, { signal })
  const indexes = await readIndexTree(source, target, { ...options, isRead: has })
  const listed = new Map<Digest, Descriptor>()
  const followed = new Set<Digest>()
  const list = (what: Descriptor): void => {
    const index = indexes.get(what.digest)
    if (index === undefined) listed.set(what.digest, listed.get(what.digest) ?? what)
    else if (!followed.has(what.digest)) {
      followed.add(what.digest)
      index.value.manifests.forEach(list)
    }
  }
  list(target)
  const contents: ListedContent[] = []
  for (const manifest of listed.values()) {
    contents.push({ manifest, isThere: await isWhole(source, manifest, has, options) })
  }
  return contents
}

async function isWhole(
  source: Fetcher,
  root: Descriptor,
  has: (what: Descriptor) => Promise<boolean>,
  { signal, needsForeign = false }: ListContentOptions,
): Promise<boolean> {
  let isThere = true
  const skip = async (what: Descriptor): Promise<boolean> => {
    isThere &&= (!needsForeign && isForeignLayer(what)) || (await has(what))
    return !isThere
  }
  for await (const _ of walk(source, root, { skip, signal }));
  return isThere
}
