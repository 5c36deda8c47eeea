import { ArchiveFormatError } from './errors.ts'
import { quoted } from './quoted.ts'
import type { TarContents, TarMember } from './tar-contents.ts'

/** The most links that are followed for one name, as many as a kernel follows. */
export const MAX_LINKS = 40

/**
 * The path of a member inside its archive, whose root is empty; nothing for a name that climbs or cannot be one. It is a
 * key of a table and never the path of a file.
 */
export function memberPath(name: string): string | undefined {
  if (name.includes('\0')) return undefined
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  return parts.includes('..') ? undefined : parts.join('/')
}

/**
 * Finds what `name` stands for, through links, all inside the archive: an absolute name starts at its root.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` for a name or a link out of the archive, and for too many links
 */
export function findMember({ members }: TarContents, name: string): TarMember | undefined {
  let ahead = partsOf(name)
  let done: string[] = []
  let links = 0
  for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
    if (part === '..') {
      if (done.length === 0) throw new ArchiveFormatError('link', `${quoted(name)} leads out of the archive`)
      done.pop()
      continue
    }
    const member = members.get([...done, part].join('/'))
    if (member?.type !== 'symlink' && member?.type !== 'hardlink') {
      done.push(part)
      continue
    }
    if (++links > MAX_LINKS) {
      throw new ArchiveFormatError('link', `${quoted(name)} leads through links in a circle or through too many`)
    }
    // The name in a hard link is that of a member.
    if (member.type === 'hardlink' || member.linkName.startsWith('/')) done = []
    ahead = [...partsOf(member.linkName), ...ahead]
  }
  return members.get(done.join('/'))
}

function partsOf(name: string): string[] {
  return name.split('/').filter((part) => part !== '' && part !== '.')
}
