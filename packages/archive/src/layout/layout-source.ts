import { type AbortOptions, quote } from '@drayage/bytes'
import {
  type Checker,
  type Fetcher,
  NameNotFoundError,
  type ReferrerLister,
  type Resolver,
  walk,
} from '@drayage/content'
import { type Digest, isDigest } from '@drayage/digest'
import { type Descriptor, type ImageIndex, isIndexType } from '@drayage/manifest'
import { formatReference } from '@drayage/reference'

import { type ContentFile, fetchFile, hasFile } from '../content-file.ts'
import { ArchiveSelectionError } from '../errors.ts'
import { entriesFor, hasName } from './layout-names.ts'
import { createLayoutReferrers } from './layout-referrers.ts'

/** Which image of several: its name in the layout, its digest, its position from 0, or nothing for the only one. */
export type ImageSelector = string | number | undefined

/** An OCI image layout as a source, in a directory or in an archive. */
export interface LayoutSource extends Fetcher, Checker, Resolver, ReferrerLister {
  /** What the layout's index lists, in its order. */
  entries(options?: AbortOptions): Promise<readonly Descriptor[]>
  /** Those of the entries that are images of their own, and not about another one as a signature is. */
  imageEntries(options?: AbortOptions): Promise<readonly Descriptor[]>
  /**
   * The entry with this name, this digest or at this position; the only image when nothing is said. A digest may be that
   * of a manifest in a nested index.
   *
   * @throws ArchiveSelectionError `ERR_ARCHIVE_SELECTION`
   */
  select(selector?: ImageSelector, options?: AbortOptions): Promise<Descriptor>
}

/** What a layout source reads from. */
export interface LayoutFiles {
  /** The layout's index as it is now. */
  readIndex(options: AbortOptions): Promise<ImageIndex>
  /** The file with the content. */
  findBlob(what: Pick<Descriptor, 'digest'>): Promise<ContentFile | undefined>
}

/** A source over the files of a layout. */
export function layoutSource({ readIndex, findBlob }: LayoutFiles): LayoutSource {
  const fetcher: Fetcher = { fetch: (what, options) => fetchFile(findBlob, what, options) }
  const entries = async ({ signal }: AbortOptions = {}): Promise<readonly Descriptor[]> => {
    signal?.throwIfAborted()
    return (await readIndex({ signal })).manifests
  }
  const relations = createLayoutReferrers(fetcher)
  const imageEntries = async (options: AbortOptions = {}): Promise<readonly Descriptor[]> =>
    await relations.withoutReferrers(await entries(options), options)
  return {
    ...fetcher,
    entries,
    imageEntries,
    async *referrers(digest, options = {}) {
      yield* relations.among(await entries(options), digest, options)
    },
    has: (what, options) => hasFile(findBlob, what, options),
    async resolve(name, { signal } = {}) {
      const all = await entries({ signal })
      const found =
        name.digest === undefined
          ? onlyContent(entriesFor(all, name), quote(formatReference(name)))
          : await findDigest(fetcher, all, name.digest, { signal })
      if (found === undefined) throw new NameNotFoundError(formatReference(name))
      return found
    },
    async select(selector, { signal } = {}) {
      const all = await entries({ signal })
      if (selector === undefined) return requireOnly(all.length > 1 ? await imageEntries({ signal }) : all)
      if (typeof selector === 'number') return requireAt(all, selector)
      const found = isDigest(selector)
        ? await findDigest(fetcher, all, selector, { signal })
        : onlyContent(
            all.filter((entry) => hasName(entry, selector)),
            quote(selector),
          )
      if (found === undefined) throw new ArchiveSelectionError(`no image is named ${quote(selector)}`, 0)
      return found
    },
  }
}

/** The one of several entries, when all of them are the same content. */
function onlyContent(entries: readonly Descriptor[], name: string): Descriptor | undefined {
  if (new Set(entries.map(({ digest }) => digest)).size > 1) {
    throw new ArchiveSelectionError(`${entries.length} different images are named ${name}`, entries.length)
  }
  return entries[0]
}

/** What to do about several images. */
export const CHOOSE_ONE = { hint: 'Choose one by name, digest or position.' } as const

function requireOnly(entries: readonly Descriptor[]): Descriptor {
  const [only] = entries
  if (only === undefined || entries.length > 1) {
    throw new ArchiveSelectionError(`there are ${entries.length}`, entries.length, CHOOSE_ONE)
  }
  return only
}

/** The element at a position. @throws ArchiveSelectionError `ERR_ARCHIVE_SELECTION` */
export function requireAt<T>(all: readonly T[], position: number): T {
  const found = Number.isSafeInteger(position) && position >= 0 ? all[position] : undefined
  if (found === undefined) {
    throw new ArchiveSelectionError(`none is at position ${position}, expected a position below ${all.length}`, 0)
  }
  return found
}

/** Looks for a digest among the entries and in nested indexes, as deep as `walk` goes. */
async function findDigest(
  source: Fetcher,
  entries: readonly Descriptor[],
  digest: Digest,
  { signal }: AbortOptions,
): Promise<Descriptor | undefined> {
  let found = entries.find((entry) => entry.digest === digest)
  const skip = async (what: Descriptor): Promise<boolean> => {
    if (what.digest === digest) found ??= what
    return found !== undefined || !isIndexType(what.mediaType)
  }
  for (const entry of entries) {
    if (found !== undefined) break
    for await (const _ of walk(source, entry, { skip, signal })) if (found !== undefined) break
  }
  return found
}
