import type { AbortOptions, ByteStream } from '@drayage/bytes'
import {
  isTarError,
  MAX_TAR_META_BYTES,
  type SparsePiece,
  type TarEntry,
  type TarEntryType,
  TarReader,
} from '@drayage/tar'

import { ArchiveFormatError, ArchiveLimitError } from '../errors.ts'
import type { ArchiveBytes } from './archive-bytes.ts'
import { memberPath } from './member-path.ts'

/** One member of an archive. */
export interface TarMember {
  readonly type: TarEntryType
  /** Where its bytes start in the archive; in a directory, a number of its own. */
  readonly start: number
  /** In bytes. */
  readonly size: number
  /** What a link points at, as it came. */
  readonly linkName: string
  /** What is stored of a sparse file, one piece after the other; the rest are zeros. */
  readonly pieces?: readonly SparsePiece[]
}

/** Opens the bytes of a member between two of its positions. */
export type OpenMember = (member: TarMember, from: number, to: number, options?: AbortOptions) => ByteStream

/** The members of an archive by their paths inside, the last of each path, as when it is extracted. */
export interface TarContents {
  readonly members: ReadonlyMap<string, TarMember>
}

/** The most members of an archive: enough for hundreds of images with a directory per layer. */
export const MAX_MEMBERS = 262_144

/** The longest path of a member, in characters. */
export const MAX_NAME = 4096

/** The most characters of all paths together, so that a table of contents stays small: 32 MiB. */
export const MAX_NAMES: number = 32 * 2 ** 20

/** How much is read for a header, in the hope for the next ones. */
const WINDOW_BYTES = 32_768

/**
 * Reads all headers of an archive once, and none of its files.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 * @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT`
 */
export async function readTarContents(bytes: ArchiveBytes, options: AbortOptions = {}): Promise<TarContents> {
  const members = new Map<string, TarMember>()
  let count = 0
  let names = 0
  for await (const entry of entriesOf(bytes, options)) {
    const { name, type, offset, size, linkname, sparseSize, stored } = entry
    // Nothing follows global headers.
    if (type === 'global') continue
    if (++count > MAX_MEMBERS) throw new ArchiveLimitError('members', 'more members', MAX_MEMBERS)
    if (name.length > MAX_NAME || linkname.length > MAX_NAME) {
      throw new ArchiveLimitError('names', 'a longer name', MAX_NAME)
    }
    count += stored?.pieces.length ?? 0
    if (count > MAX_MEMBERS) throw new ArchiveLimitError('members', 'more pieces of sparse files', MAX_MEMBERS)
    names += name.length + linkname.length
    if (names > MAX_NAMES) throw new ArchiveLimitError('names', 'more characters in names', MAX_NAMES)
    const path = memberPath(name)
    // A name that leads out of the archive, or is empty, is out of reach.
    if (path === undefined || path === '') continue
    const common = { type, start: stored?.start ?? offset, size: sparseSize ?? size, linkName: linkname }
    members.set(path, { ...common, ...(stored !== undefined && { pieces: piecesIn(entry, stored) }) })
  }
  if (count === 0) throw new ArchiveFormatError('tar', 'it holds no files')
  return { members }
}

/** The pieces of a sparse file, when they and nothing else are stored. @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` */
function piecesIn(
  { offset, size }: TarEntry,
  { start, pieces }: NonNullable<TarEntry['stored']>,
): readonly SparsePiece[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, start - offset)
  if (length !== size) {
    throw new ArchiveFormatError('tar', `a sparse file stores ${size} bytes, and its pieces have ${length}`)
  }
  return pieces
}

async function* entriesOf(bytes: ArchiveBytes, { signal }: AbortOptions): AsyncGenerator<TarEntry, void, void> {
  const read = windowed(bytes)
  const reader = new TarReader()
  try {
    while (reader.wanted > 0) {
      signal?.throwIfAborted()
      const block = await read(reader.position, reader.wanted)
      if (block.byteLength < reader.wanted) return reader.finish(bytes.size)
      const entry = reader.take(block)
      if (entry !== undefined) yield entry
    }
  } catch (error) {
    throw formatError(error)
  }
}

/** An error of the reader of tars as one of archives; any other error as it is. */
function formatError(error: unknown): unknown {
  if (!isTarError(error)) return error
  const { found, offset } = error
  return error.code === 'ERR_TAR_LIMIT'
    ? new ArchiveLimitError('extendedHeader', found, MAX_TAR_META_BYTES, { cause: error })
    : new ArchiveFormatError('tar', `it has ${found} at byte ${offset}`, { cause: error })
}

/** Reads pieces at growing positions, several with one read. */
function windowed(bytes: ArchiveBytes): (position: number, length: number) => Promise<Uint8Array> {
  let window: Uint8Array = new Uint8Array(0)
  let windowStart = 0
  return async (position, length) => {
    const isIn = position >= windowStart && position + length <= windowStart + window.byteLength
    if (!isIn) {
      window = await bytes.readAt(position, position + Math.max(length, WINDOW_BYTES))
      windowStart = position
    }
    const at = position - windowStart
    return window.subarray(at, at + length)
  }
}
