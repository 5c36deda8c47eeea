import { join } from 'node:path'

import { abortable, type AbortOptions } from '@drayage/bytes'
import { disk, fileBytes, openRegularFile } from '@drayage/files'

import { ArchiveFormatError, ArchiveLimitError } from '../errors.ts'
import { MAX_MEMBERS, MAX_NAMES, type OpenMember, type TarContents, type TarMember } from './tar-contents.ts'

/** What tells that a directory is an unpacked archive, so that no other tree is walked. */
const MARKERS: ReadonlySet<string> = new Set(['manifest.json', 'repositories', 'index.json'])

/**
 * Reads what is in a directory that an archive was unpacked to. Links are kept as such and followed inside it alone.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 * @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT`
 */
export async function readDirectoryContents(
  directory: string,
  { signal }: AbortOptions = {},
): Promise<{ readonly contents: TarContents; readonly open: OpenMember }> {
  if (!(await disk.readdir(directory)).some((name) => MARKERS.has(name))) {
    throw new ArchiveFormatError('missing', 'invalid archive: the directory does not contain a manifest.json')
  }
  const members = new Map<string, TarMember>()
  const paths: string[] = []
  const ahead = ['']
  let names = 0
  for (let parent = ahead.pop(); parent !== undefined; parent = ahead.pop()) {
    signal?.throwIfAborted()
    for (const name of await disk.readdir(join(directory, parent))) {
      const path = parent === '' ? name : `${parent}/${name}`
      names += path.length
      if (members.size >= MAX_MEMBERS) throw new ArchiveLimitError('members', 'more members', MAX_MEMBERS)
      if (names > MAX_NAMES) throw new ArchiveLimitError('names', 'more characters in names', MAX_NAMES)
      const member = await memberAt(join(directory, path), paths.length)
      if (member.type === 'directory') ahead.push(path)
      members.set(path, member)
      paths.push(path)
    }
  }
  return { contents: { members }, open: openIn(directory, paths) }
}

async function memberAt(path: string, start: number): Promise<TarMember> {
  const stats = await disk.lstat(path)
  const common = { start, size: stats.size, linkName: '' }
  if (stats.isSymbolicLink()) return { ...common, type: 'symlink', linkName: await disk.readlink(path) }
  if (stats.isDirectory()) return { ...common, type: 'directory' }
  return { ...common, type: stats.isFile() ? 'file' : 'fifo' }
}

function openIn(directory: string, paths: readonly string[]): OpenMember {
  return async function* ({ start, size }, from, to, options = {}) {
    const path = paths[start] ?? ''
    const file = await openRegularFile(join(directory, path))
    if (file?.size !== size) throw new ArchiveFormatError('content', 'its files changed while they were read')
    try {
      yield* abortable(fileBytes(file.handle, { start: from, end: to }), options)
    } finally {
      await file.handle.close()
    }
  }
}
