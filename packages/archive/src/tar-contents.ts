import type { AbortOptions } from '@drayage/bytes'

import type { ArchiveBytes } from './archive-bytes.ts'
import { ArchiveFormatError, ArchiveLimitError } from './errors.ts'
import { memberPath } from './member-path.ts'
import { decodePaxRecords, type PaxRecords } from './pax-records.ts'
import { tarPadding } from './tar-header.ts'
import { decodeTarRecord, SECTOR_BYTES, type TarRecord } from './tar-record.ts'

/** What a member of an archive is. */
export type TarMemberType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'

/** One member of an archive. */
export interface TarMember {
  readonly type: TarMemberType
  /** Where its bytes start in the archive. */
  readonly start: number
  /** In bytes. */
  readonly size: number
  /** What a link points at, as it came. */
  readonly linkName: string
}

/** The members of an archive by their paths inside, the last of each path, and which paths come more than once. */
export interface TarContents {
  readonly members: ReadonlyMap<string, TarMember>
  readonly repeated: ReadonlySet<string>
}

/** The most members of an archive: enough for hundreds of images with a directory per layer. */
export const MAX_MEMBERS = 262_144

/** The longest path of a member, in characters. */
export const MAX_NAME = 4096

/** The largest extended header, in bytes: 1 MiB. */
export const MAX_EXTENDED_HEADER_BYTES: number = 2 ** 20

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
  const repeated = new Set<string>()
  let count = 0
  let names = 0
  for await (const { name, member } of headers(bytes, options)) {
    if (++count > MAX_MEMBERS) throw new ArchiveLimitError('members', 'more members', MAX_MEMBERS)
    names += name.length + member.linkName.length
    if (names > MAX_NAMES) throw new ArchiveLimitError('names', 'more characters in names', MAX_NAMES)
    const path = memberPath(name)
    // A name that leads out of the archive, or is none, is out of reach.
    if (path === undefined || path === '') continue
    if (members.has(path) && member.type !== 'directory') repeated.add(path)
    members.set(path, member)
  }
  if (count === 0) throw new ArchiveFormatError('tar', 'found no files, expected those of an image')
  return { members, repeated }
}

interface NamedMember {
  readonly name: string
  readonly member: TarMember
}

async function* headers(bytes: ArchiveBytes, { signal }: AbortOptions): AsyncGenerator<NamedMember, void, void> {
  const readBlock = windowed(bytes)
  let position = 0
  let long: PaxRecords = {}
  for (;;) {
    signal?.throwIfAborted()
    const block = await readBlock(position)
    const record = decodeTarRecord(block, position)
    if (record === undefined) {
      if ((await readBlock(position + SECTOR_BYTES)).some((byte) => byte !== 0)) {
        throw new ArchiveFormatError('tar', `found an empty header at byte ${position}, expected that of a tar archive`)
      }
      return
    }
    const start = position + SECTOR_BYTES
    if (isExtension(record)) {
      long = { ...long, ...(await readExtension(bytes, record, start)) }
      position = start + record.size + tarPadding(record.size)
      continue
    }
    const named = memberOf(record, long, start)
    // A global header says nothing about the header after it, and is not between that and its own extended header.
    if (record.flag !== 'g') {
      yield named
      long = {}
    }
    const end = start + named.member.size
    if (end > bytes.size) throw new ArchiveFormatError('tar', `the file ends at byte ${bytes.size}, expected ${end}`)
    position = end + tarPadding(named.member.size)
  }
}

/** Reads blocks at growing positions, several with one read. */
function windowed(bytes: ArchiveBytes): (position: number) => Promise<Uint8Array> {
  let window: Uint8Array = new Uint8Array(0)
  let windowStart = 0
  return async (position) => {
    const isIn = position >= windowStart && position + SECTOR_BYTES <= windowStart + window.byteLength
    if (!isIn) {
      window = await bytes.readAt(position, position + WINDOW_BYTES)
      windowStart = position
    }
    const at = position - windowStart
    return window.subarray(at, at + SECTOR_BYTES)
  }
}

function isExtension({ flag }: TarRecord): boolean {
  return flag === 'x' || flag === 'L' || flag === 'K'
}

async function readExtension(bytes: ArchiveBytes, { flag, size }: TarRecord, start: number): Promise<PaxRecords> {
  if (size > MAX_EXTENDED_HEADER_BYTES) {
    throw new ArchiveLimitError('extendedHeader', `${size} bytes in an extended header`, MAX_EXTENDED_HEADER_BYTES)
  }
  const data = await bytes.readAt(start, start + size)
  if (data.byteLength < size) throw new ArchiveFormatError('tar', 'the file ends in an extended header')
  if (flag === 'x') return decodePaxRecords(data)
  const zero = data.indexOf(0)
  const text = Buffer.from(data.subarray(0, zero < 0 ? size : zero)).toString('utf8')
  return flag === 'L' ? { path: text } : { linkpath: text }
}

function memberOf(record: TarRecord, long: PaxRecords, start: number): NamedMember {
  const name = long.path ?? record.name
  const linkName = long.linkpath ?? record.linkName
  if (name.length > MAX_NAME || linkName.length > MAX_NAME) {
    throw new ArchiveLimitError('names', 'a longer name', MAX_NAME)
  }
  if (record.flag === 'S' || long.isSparse === true) {
    throw new ArchiveFormatError('type', 'found a sparse file, expected plain files')
  }
  const type = memberType(record.flag, name)
  // What has no bytes may still tell a size.
  const hasBytes = type === 'file' || (type === 'other' && !'346'.includes(record.flag))
  return { name, member: { type, start, size: hasBytes ? (long.size ?? record.size) : 0, linkName } }
}

function memberType(flag: string, name: string): TarMemberType {
  switch (flag) {
    case '\0':
      return name.endsWith('/') ? 'directory' : 'file'
    case '0':
    case '7':
      return 'file'
    case '1':
      return 'hardlink'
    case '2':
      return 'symlink'
    case '5':
      return 'directory'
    default:
      return 'other'
  }
}
