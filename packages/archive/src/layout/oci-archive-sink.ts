import { tmpdir } from 'node:os'

import { abortable, type AbortOptions, encodeText, forEachOf, skip } from '@drayage/bytes'
import {
  assertIngestKey,
  type Checker,
  ContentNotFoundError,
  createIngest,
  createKeyedLock,
  type Fetcher,
  type Ingester,
  type ReferrerKeeper,
  sizedFrom,
  type Tagger,
} from '@drayage/content'
import { digestAlgorithm, isDigest, type Digest } from '@drayage/digest'
import { type Descriptor, encodeManifest, type ImageIndex, manifestKind, MEDIA_TYPES } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import { ArchiveClosedError, ArchiveImageError } from '../errors.ts'
import { type ArchiveOutput, isPositional } from '../output/archive-output.ts'
import { type ArchiveWritingOptions, bytesMember, createArchiveFiles, type Member } from '../output/members.ts'
import { openUnnamed } from '../output/spool.ts'
import { type Arrival, arrivalBytes, type ArrivalTarget, newArrival } from './arrival.ts'
import { blobName, LAYOUT_VERSION } from './layout-documents.ts'
import { referrerEntry, withEntry } from './layout-index.ts'
import { type NamedContent, rootNaming } from './named-roots.ts'

/** Options of {@link createOciArchiveSink}. */
export interface OciArchiveSinkOptions extends ArchiveWritingOptions {
  /** Where content of unknown size waits; beside the archive by default, else the system's directory for temporary files. */
  readonly spoolDirectory?: string | undefined
}

/**
 * An archive of an OCI layout as a sink: content goes in as it comes, and `finish` writes the index. Disposing it without
 * `finish` takes the archive back.
 */
export interface OciArchiveSink extends Ingester, Checker, Tagger, ReferrerKeeper, AsyncDisposable {
  /**
   * Announces content in the order that it is to have in the archive, whatever the order that it comes in. Equal content in
   * equal order gives equal bytes. Announced content need not come; other content follows in the order of its `begin`.
   */
  expect(contents: Iterable<Descriptor>): void
  /**
   * Puts `what`, whose content is in the archive, into its index, under its own name in place of another entry with it, or
   * without a name.
   *
   * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE` for an empty name and a schema 1 manifest
   */
  put(what: Descriptor, refName?: string): Promise<void>
  /** Puts `what` into the index under its full name, as {@link namedRoots} does for all that are given a name. */
  tag(what: Descriptor, name: Reference): Promise<void>
  /**
   * Writes the index and ends the archive; resolves when it is whole and, on a file system, durable. A failure takes the
   * archive back.
   *
   * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE` when the index would be empty or lead to content that did not come
   * @throws ArchiveClosedError `ERR_ARCHIVE_CLOSED`
   * @throws FileWriteError `ERR_FILE_WRITE` of `@drayage/files`
   */
  finish(options?: AbortOptions): Promise<void>
}

/** What an archive holds beside the layout, made of what was put into it. */
export interface ArchiveExtras {
  /** Which content `members` reads, where its descriptor is known before it comes. */
  readonly isRead: (what: Descriptor) => boolean
  /** Which content `members` may read, where only its first byte is known. */
  readonly mayRead: (firstByte: number) => boolean
  /** The files after the layout, for what was put or tagged. */
  readonly members: (
    content: Fetcher & Checker,
    images: readonly NamedContent[],
    options: AbortOptions,
  ) => AsyncIterable<Member>
}

/** How many files after the content wait to be written before more of them are made. */
const MOST_WAITING = 32

const NO_EXTRAS: ArchiveExtras = { isRead: () => false, mayRead: () => false, async *members() {} }

/** What was put into the index under its own name, or with the names that it was tagged with. */
interface Entry {
  readonly what: Descriptor
  readonly refName?: string | undefined
  readonly names?: Reference[]
  readonly isReferrer?: boolean
}

/**
 * Creates an oci-archive: one tar of an OCI image layout. Content whose size is known when it begins goes straight to its
 * place in a file, and into a pipe when its turn comes; until then it waits in memory and on disk.
 *
 * @see OCI image-spec v1.1.1, image-layout.md
 */
export function createOciArchiveSink(output: ArchiveOutput, options: OciArchiveSinkOptions = {}): OciArchiveSink {
  return createLayoutArchive(output, options, NO_EXTRAS)
}

/** {@link createOciArchiveSink} with files beside the layout. */
export function createLayoutArchive(
  output: ArchiveOutput,
  options: OciArchiveSinkOptions,
  extras: ArchiveExtras,
): OciArchiveSink {
  const { spoolDirectory = isPositional(output) ? output.spoolDirectory : tmpdir() } = options
  const files = createArchiveFiles(output, { ...options, isKept: extras.mayRead })
  const keys = createKeyedLock()
  const arrivals = new Map<string, Arrival>()
  const expected = new Map<Digest, number>()
  const committed = new Map<Digest, number>()
  const entries: Entry[] = []
  let state: 'open' | 'finished' | 'failed' | 'disposed' = 'open'

  const assertOpen = (): void => {
    if (state !== 'open') throw new ArchiveClosedError(state)
  }
  const has = (what: Descriptor): boolean => committed.get(what.digest) === what.size
  const place = (digest: Digest, size: number, isKept?: boolean): ArrivalTarget => {
    const known = expected.get(digest) ?? size
    expected.set(digest, known)
    files.reserve({ name: blobName(digest), size: known, isKept })
    return { kind: 'place', digest, size: known }
  }
  const targetOf = async (key: string, size: number | undefined): Promise<ArrivalTarget> => {
    if (isDigest(key) && committed.has(key)) return { kind: 'nowhere' }
    const known = isDigest(key) ? (expected.get(key) ?? size) : undefined
    if (isDigest(key) && known !== undefined) return place(key, known)
    return { kind: 'file', file: await openUnnamed(spoolDirectory) }
  }
  const content: Fetcher & Checker = {
    has: async (what) => has(what),
    async *fetch(what, { offset = 0, signal } = {}) {
      if (!has(what)) throw new ContentNotFoundError(what.digest)
      const bytes = abortable(files.read(blobName(what.digest)), { signal })
      yield* skip(sizedFrom(bytes, what.size, 0), offset)
    },
  }
  const assertCame = (what: Descriptor): Descriptor => {
    if (has(what)) return what
    throw new ArchiveImageError(`the content ${what.digest} did not come`)
  }
  async function* rest(signalled: AbortOptions): AsyncGenerator<Member, void, void> {
    if (entries.length === 0) throw new ArchiveImageError('there is no image')
    const rootsOf = rootNaming(entries.flatMap(({ what, names }) => (names === undefined ? [] : [{ what, names }])))
    const roots = entries.flatMap(({ what, refName, names }) =>
      names === undefined ? [{ what, refName }] : rootsOf({ what, names }),
    )
    let index: ImageIndex = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }
    for (const { what, refName } of roots) index = withEntry(index, assertCame(what), refName)
    const images = entries.filter((entry) => entry.isReferrer !== true)
    yield* extras.members(
      content,
      images.map(({ what, names = [] }) => ({ what, names })),
      signalled,
    )
    yield bytesMember('oci-layout', encodeText(JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION })))
    yield bytesMember('index.json', encodeManifest(index))
  }
  const close = async (): Promise<void> => {
    for (const { target } of arrivals.values()) if (target.kind === 'file') await target.file.close()
    arrivals.clear()
    await files[Symbol.asyncDispose]()
  }

  return {
    expect(contents) {
      assertOpen()
      for (const what of contents) place(what.digest, what.size, extras.isRead(what))
    },
    async has(what) {
      return has(what)
    },
    async begin(key, { size, signal } = {}) {
      assertOpen()
      assertIngestKey(key)
      const release = await keys.acquire(key, { signal })
      try {
        assertOpen()
        const algorithm = isDigest(key) ? digestAlgorithm(key) : 'sha256'
        const arrival = arrivals.get(key) ?? newArrival(await targetOf(key, size), algorithm)
        arrivals.set(key, arrival)
        const bytes = arrivalBytes(arrival, {
          files,
          fail: () => void (state = state === 'open' ? 'failed' : state),
          onPublished: (what) => committed.set(what.digest, what.size),
          forget: () => arrivals.delete(key),
        })
        return createIngest({ key, bytes, has, release })
      } catch (error) {
        release()
        throw error
      }
    },
    async put(what, refName) {
      assertOpen()
      if (refName === '') throw new ArchiveImageError('its name is empty')
      if (manifestKind(what.mediaType) === 'schema1') throw new ArchiveImageError('its manifest is of Docker schema 1')
      entries.push({ what, refName })
    },
    async tag(what, name) {
      assertOpen()
      let entry = entries.find((each) => each.names !== undefined && each.what.digest === what.digest)
      if (entry === undefined) entries.push((entry = { what, names: [] }))
      if (name.tag !== undefined || name.digest === undefined) entry.names?.push(name)
    },
    async keepReferrers(_, referrers) {
      assertOpen()
      entries.push(...referrers.map((referrer) => ({ what: referrerEntry(referrer), isReferrer: true })))
    },
    async finish({ signal } = {}) {
      assertOpen()
      state = 'failed'
      try {
        await files.dropIncomplete()
        await forEachOf(rest({ signal }), (member, own) => files.add(member, { signal: own }), {
          limit: MOST_WAITING,
          signal,
        })
        await output.finish(await files.end())
        state = 'finished'
      } catch (error) {
        await output.discard().catch(() => {})
        throw error
      } finally {
        await close()
      }
    },
    async [Symbol.asyncDispose]() {
      const isUnfinished = state === 'open' || state === 'failed'
      if (state === 'open') state = 'disposed'
      await close()
      if (isUnfinished) await output.discard()
    },
  }
}
