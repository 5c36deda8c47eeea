import { type AbortOptions, type ByteStream, collect } from '@drayage/bytes'

import type { ArchiveBytes } from './archive-bytes.ts'
import { ArchiveFormatError, ArchiveLimitError } from './errors.ts'
import { memberFinder } from './member-finder.ts'
import { type ArchiveInput, openArchiveBytes, type OpenArchiveOptions } from './open-archive-bytes.ts'
import { quoted } from './quoted.ts'
import { readTarContents, type TarMember } from './tar-contents.ts'

/** A file in an open archive. */
export interface ArchiveFile {
  /** Where its bytes start: the same for all names of one file. */
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
  /** A file that tells what is in the archive and may be there once only; nothing when it is not there. */
  readOnly(name: string, options: AbortOptions & { readonly maxBytes: number }): Promise<Uint8Array | undefined>
}

/** Opens an archive and reads its table of contents. */
export async function openArchiveFiles(input: ArchiveInput, options: OpenArchiveOptions = {}): Promise<ArchiveFiles> {
  const bytes = await openArchiveBytes(input, options)
  try {
    return filesOf(bytes, await readTarContents(bytes, options))
  } catch (error) {
    await bytes[Symbol.asyncDispose]()
    throw error
  }
}

function filesOf(bytes: ArchiveBytes, contents: Awaited<ReturnType<typeof readTarContents>>): ArchiveFiles {
  const findMember = memberFinder(contents)
  const find = (name: string): ArchiveFile | undefined => {
    const member = findMember(name)
    if (member === undefined) return undefined
    if (member.type !== 'file') {
      throw new ArchiveFormatError('type', `${quoted(name)} is ${described(member)}, expected a file`)
    }
    return fileOf(bytes, member)
  }
  return {
    names: contents.members.keys(),
    find,
    require(name) {
      const file = find(name)
      if (file === undefined) throw new ArchiveFormatError('missing', `found no ${quoted(name)}, expected a file`)
      return file
    },
    async readOnly(name, { maxBytes, signal }) {
      if (contents.repeated.has(name)) {
        throw new ArchiveFormatError('duplicate', `found ${quoted(name)} more than once, expected it once`)
      }
      const file = find(name)
      return file === undefined ? undefined : readArchiveFile(file, name, { maxBytes, signal })
    },
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  }
}

/** Reads a file of an archive into memory. @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT` */
export async function readArchiveFile(
  file: ArchiveFile,
  name: string,
  { maxBytes, signal }: AbortOptions & { readonly maxBytes: number },
): Promise<Uint8Array> {
  if (file.size > maxBytes) throw new ArchiveLimitError('file', `${file.size} bytes in ${quoted(name)}`, maxBytes)
  return collect(file.open({ signal }), { maxBytes, signal })
}

function fileOf(bytes: ArchiveBytes, { start, size }: TarMember): ArchiveFile {
  return {
    start,
    size,
    open: ({ offset = 0, signal } = {}) => bytes.open(start + offset, start + size, { signal }),
    prefix: (count) => bytes.readAt(start, start + Math.min(count, size)),
  }
}

function described({ type }: TarMember): string {
  return type === 'directory' ? 'a directory' : 'a device or a pipe'
}
