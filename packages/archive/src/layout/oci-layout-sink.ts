import type { AbortOptions } from '@drayage/bytes'
import {
  type Checker,
  type Fetcher,
  type Ingester,
  NameNotFoundError,
  type ReferrerKeeper,
  type Resolver,
  type Tagger,
} from '@drayage/content'
import { digestAlgorithm, digestHex, type Digest } from '@drayage/digest'
import { withDirectoryLock } from '@drayage/files'
import type { Descriptor, ImageIndex } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import { fetchFile, hasFile } from '../content-file.ts'
import { ensureLayoutFile, nameOf, readLayoutIndex, withEntry, withReferrer, writeLayoutIndex } from './layout-index.ts'
import { createDirectoryIngester } from '../directory-ingest.ts'
import { sinkDirectory } from '../sink-directory.ts'
import { findBlob } from './oci-layout-source.ts'

/** What has this name is the lock of a process that changes the index. */
const LOCK = '.drayage-lock'

/** Options of {@link createOciLayoutSink}. */
export interface OciLayoutSinkOptions {
  /** Created when it is missing; an existing layout is extended. */
  readonly directory: string
}

/** An OCI image layout as a sink, and as a source of what it holds. */
export interface OciLayoutSink extends Ingester, Checker, Fetcher, Resolver, Tagger, ReferrerKeeper {
  /**
   * Puts `what` into the layout's index, under its own name in place of another entry with it, which stays without a
   * name. Content without a name is put as it is.
   *
   * @throws LayoutError `ERR_LAYOUT`
   * @throws UnsafePathError `ERR_UNSAFE_PATH` and FileWriteError `ERR_FILE_WRITE` of `@drayage/files`
   */
  put(what: Descriptor, refName?: string, options?: AbortOptions): Promise<void>
  /** Puts manifests that refer to another one into the layout's index, without names. @throws LayoutError `ERR_LAYOUT` */
  keepReferrers(subject: Digest, referrers: readonly Descriptor[], options?: AbortOptions): Promise<void>
}

/**
 * Opens an OCI image layout for writing; digests of what is put into it never change. `tag` and `resolve` take the tag of
 * a reference as the entry's name (`org.opencontainers.image.ref.name`), and a reference by digest as content without a
 * name. Any number of processes may extend a layout at the same time. Disposing an ingest drops its bytes. The directory may
 * belong to somebody else: nothing leads out of it.
 *
 * @see OCI image-spec v1.1.1, image-layout.md
 */
export function createOciLayoutSink(options: OciLayoutSinkOptions): OciLayoutSink {
  const directory = sinkDirectory(options.directory)
  const find = (what: Descriptor): ReturnType<typeof findBlob> => findBlob(directory.path, what)
  const has = (what: Descriptor, hasOptions?: AbortOptions): Promise<boolean> => hasFile(find, what, hasOptions)
  const change = async (work: (index: ImageIndex) => ImageIndex, { signal }: AbortOptions): Promise<void> => {
    await using held = await directory.hold()
    const update = async (): Promise<void> => {
      await ensureLayoutFile(held)
      await writeLayoutIndex(held, work(await readLayoutIndex(held)))
    }
    await withDirectoryLock({ directory: held, name: LOCK }, update, { signal })
  }
  const put = async (what: Descriptor, refName?: string, putOptions: AbortOptions = {}): Promise<void> => {
    if (refName === '') throw new RangeError('Cannot name an entry of a layout: the name is empty, expected some text')
    await change((index) => withEntry(index, what, refName), putOptions)
  }

  return {
    put,
    keepReferrers: (_, referrers, keepOptions = {}) =>
      change((index) => referrers.reduce(withReferrer, index), keepOptions),
    has,
    ...createDirectoryIngester({
      directory,
      pathOf: ({ digest }) => ['blobs', digestAlgorithm(digest), digestHex(digest)],
      has,
    }),
    fetch: (what, fetchOptions) => fetchFile(find, what, fetchOptions),
    async resolve(name, { signal } = {}) {
      signal?.throwIfAborted()
      await using held = await directory.hold()
      const { manifests } = await readLayoutIndex(held)
      const { digest, tag = 'latest' } = name
      const found = manifests.find((entry) => (digest === undefined ? nameOf(entry) === tag : entry.digest === digest))
      if (found === undefined) throw new NameNotFoundError(formatReference(name))
      return found
    },
    tag: (what: Descriptor, name: Reference, tagOptions) =>
      put(what, name.tag ?? (name.digest === undefined ? 'latest' : undefined), tagOptions),
  }
}
