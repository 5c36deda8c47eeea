import { quote } from '@drayage/bytes'
import { ArchiveFormatError, ArchiveLimitError } from '../errors.ts'
import { pathParts } from './member-path.ts'
import { MAX_NAME, type TarContents, type TarMember } from './tar-contents.ts'

/** The most links that are followed for one name, as many as a kernel follows. */
export const MAX_LINKS = 40

/**
 * The most characters of all paths that names in one archive lead along, each part of a name counted with what stands
 * before it: 64 MiB, less than a second, and many times what the names of any image need.
 */
export const MAX_WALKED: number = 64 * 2 ** 20

/**
 * Creates what finds the member that a name stands for, through links, all inside the archive: an absolute name starts at
 * its root.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` for a name or a link out of the archive, and for too many links
 * @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT` once all names together have led along more than {@link MAX_WALKED},
 * and for a path that is longer than {@link MAX_NAME}
 */
export function memberFinder({ members }: TarContents): (name: string) => TarMember | undefined {
  let walked = 0
  return (name) => {
    let ahead = pathParts(name)
    let done = ''
    let links = 0
    for (let part = ahead.shift(); part !== undefined; part = ahead.shift()) {
      walked += done.length + part.length
      if (walked > MAX_WALKED) throw new ArchiveLimitError('names', 'more characters to walk', MAX_WALKED)
      if (part === '..') {
        if (done === '') throw new ArchiveFormatError('link', `${quote(name)} leads out of the archive`)
        done = done.slice(0, Math.max(done.lastIndexOf('/'), 0))
        continue
      }
      const next = done === '' ? part : `${done}/${part}`
      if (next.length > MAX_NAME) throw new ArchiveLimitError('names', 'a longer path', MAX_NAME)
      const member = members.get(next)
      if (member?.type !== 'symlink' && member?.type !== 'hardlink') {
        done = next
        continue
      }
      if (++links > MAX_LINKS) {
        throw new ArchiveFormatError('link', `${quote(name)} leads through links in a circle or through too many`)
      }
      // The name in a hard link is that of a member.
      if (member.type === 'hardlink' || member.linkName.startsWith('/')) done = ''
      ahead = [...pathParts(member.linkName), ...ahead]
    }
    return members.get(done)
  }
}
