import { type AbortOptions, type ByteStream, collect, quote } from '@drayage/bytes'
import { disk, unlessMissing } from '@drayage/files'

import type { ArchiveBytes } from './archive-bytes.ts'
import { readDirectoryContents } from './directory-contents.ts'
import { ArchiveFormatError, ArchiveLimitError } from '../errors.ts'
import { memberFinder } from './member-finder.ts'
import { openSparse } from './open-sparse.ts'
import { type ArchiveInput, openArchiveBytes, type OpenArchiveOptions } from './open-archive-bytes.ts'
import { type OpenMember, readTarContents, type TarContents, type TarMember } from './tar-contents.ts'

/** A file in an open archive. */
export interface ArchiveFile {
  /** A number that all names of one file have, and no other file. */
  readonly start: number
  /** In bytes. */
  readonly size: number
  /** Its bytes from `offset` on, the first one by default. */
  open(options?: AbortOptions & { readonly offset?: number }): ByteStream
  /** Its first bytes, at most `count`. */
  prefix(count: number): Promise<Uint8Array>
}

/** The files of an open archive. */
export interface ArchiveFiles extends AsyncDisposable {
  /** The paths of all members inside. */
  readonly names: Iterable<string>
  /**
   * The file that `name` stands for.
   *
   * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` for something else than a file
   */
  find(name: string): ArchiveFile | undefined
  /** A file that has to be there. @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` */
  require(name: string): ArchiveFile
  /** The bytes of a small file; nothing when it is not there. @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT` */
  read(name: string, options: AbortOptions & { readonly maxBytes: number }): Promise<Uint8Array | undefined>
}

/** Opens an archive and reads its table of contents; the path of a directory stands for one that was unpacked there. */
export async function openArchiveFiles(input: ArchiveInput, options: OpenArchiveOptions = {}): Promise<ArchiveFiles> {
  const found = typeof input === 'string' ? await unlessMissing(disk.stat(input)) : undefined
  if (typeof input === 'string' && found === undefined) {
    throw new ArchiveFormatError('missing', `there is no file ${quote(input)}`)
  }
  if (typeof input === 'string' && found?.isDirectory() === true) {
    const { contents, open } = await readDirectoryContents(input, options)
    return filesOf(contents, open, async () => {})
  }
  const bytes = await openArchiveBytes(input, options)
  try {
    const contents = await readTarContents(bytes, options)
    return filesOf(contents, openMember(bytes), async () => await bytes[Symbol.asyncDispose]())
  } catch (error) {
    await bytes[Symbol.asyncDispose]()
    throw error
  }
}

function filesOf(contents: TarContents, open: OpenMember, close: () => Promise<void>): ArchiveFiles {
  const findMember = memberFinder(contents)
  const find = (name: string): ArchiveFile | undefined => {
    const member = findMember(name)
    if (member === undefined) return undefined
    if (member.type !== 'file') {
      throw new ArchiveFormatError('type', `${quote(name)} is ${described(member)}, expected a file`)
    }
    const { start, size } = member
    return {
      start,
      size,
      open: ({ offset = 0, signal } = {}) => open(member, offset, size, { signal }),
      prefix: async (count) => await collect(open(member, 0, Math.min(count, size)), { maxBytes: count }),
    }
  }
  return {
    names: contents.members.keys(),
    find,
    require(name) {
      const file = find(name)
      if (file === undefined) throw new ArchiveFormatError('missing', `it lacks the file ${quote(name)}`)
      return file
    },
    async read(name, { maxBytes, signal }) {
      const file = find(name)
      return file === undefined ? undefined : readArchiveFile(file, name, { maxBytes, signal })
    },
    [Symbol.asyncDispose]: close,
  }
}

function openMember(bytes: ArchiveBytes): OpenMember {
  return (member, from, to, options) => {
    const { start, pieces } = member
    return pieces === undefined
      ? bytes.open(start + from, start + to, options)
      : openSparse(bytes, member, from, to, options)
  }
}

/** Reads a file of an archive into memory. @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT` */
export async function readArchiveFile(
  file: ArchiveFile,
  name: string,
  { maxBytes, signal }: AbortOptions & { readonly maxBytes: number },
): Promise<Uint8Array> {
  if (file.size > maxBytes) throw new ArchiveLimitError('file', `${file.size} bytes in ${quote(name)}`, maxBytes)
  return collect(file.open({ signal }), { maxBytes, signal })
}

function described({ type }: TarMember): string {
  return type === 'directory' ? 'a directory' : 'a device or a pipe'
}
