import { lstat, mkdir } from 'node:fs/promises'
import { join, resolve as resolvePath } from 'node:path'

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
import { throwWriteFailure, unlessMissing, withFileLock } from '@drayage/files'
import type { Descriptor, ImageIndex } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import { fetchFile } from '../content-file.ts'
import { ensureLayoutFile, nameOf, readLayoutIndex, withEntry, withReferrer, writeLayoutIndex } from './layout-index.ts'
import { createDirectoryIngester } from '../directory-ingest.ts'
import { findBlob } from './oci-layout-source.ts'

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
   * @throws FileLockError `ERR_FILE_LOCK` and FileWriteError `ERR_FILE_WRITE` of `@drayage/files`
   */
  put(what: Descriptor, refName?: string, options?: AbortOptions): Promise<void>
  /** Puts manifests that refer to another one into the layout's index, without names. @throws LayoutError `ERR_LAYOUT` */
  keepReferrers(subject: Digest, referrers: readonly Descriptor[], options?: AbortOptions): Promise<void>
}

/**
 * Opens an OCI image layout for writing; digests of what is put into it never change. `tag` and `resolve` take the tag of
 * a reference as the entry's name (`org.opencontainers.image.ref.name`), and a reference by digest as content without a
 * name. Any number of processes may extend a layout at the same time. Disposing an ingest drops its bytes.
 *
 * @see OCI image-spec v1.1.1, image-layout.md
 */
export function createOciLayoutSink(options: OciLayoutSinkOptions): OciLayoutSink {
  const directory = resolvePath(options.directory)
  const blobPath = ({ digest }: Pick<Descriptor, 'digest'>): string =>
    join(directory, 'blobs', digestAlgorithm(digest), digestHex(digest))

  const has = async (what: Descriptor): Promise<boolean> => {
    const found = await unlessMissing(lstat(blobPath(what)))
    return found?.isFile() === true && found.size === what.size
  }
  const change = async (work: (index: ImageIndex) => ImageIndex, { signal }: AbortOptions): Promise<void> => {
    await mkdir(directory, { recursive: true }).catch(throwWriteFailure(directory))
    const update = async (): Promise<void> => {
      await ensureLayoutFile(directory)
      await writeLayoutIndex(directory, work(await readLayoutIndex(directory)))
    }
    await withFileLock(join(directory, '.drayage.lock'), update, { signal })
  }
  const put = async (what: Descriptor, refName?: string, putOptions: AbortOptions = {}): Promise<void> => {
    if (refName === '') throw new RangeError('Cannot name an entry of a layout: the name is empty, expected some text')
    await change((index) => withEntry(index, what, refName), putOptions)
  }

  return {
    put,
    keepReferrers: (_, referrers, keepOptions = {}) =>
      change((index) => referrers.reduce(withReferrer, index), keepOptions),
    async has(what, { signal } = {}) {
      signal?.throwIfAborted()
      return has(what)
    },
    ...createDirectoryIngester({ directory, pathOf: blobPath, has }),
    fetch: (what, fetchOptions) => fetchFile((blob) => findBlob(directory, blob), what, fetchOptions),
    async resolve(name, { signal } = {}) {
      signal?.throwIfAborted()
      const { manifests } = await readLayoutIndex(directory)
      const { digest, tag = 'latest' } = name
      const found = manifests.find((entry) => (digest === undefined ? nameOf(entry) === tag : entry.digest === digest))
      if (found === undefined) throw new NameNotFoundError(formatReference(name))
      return found
    },
    tag: (what: Descriptor, name: Reference, tagOptions) =>
      put(what, name.tag ?? (name.digest === undefined ? 'latest' : undefined), tagOptions),
  }
}
