import { pack } from 'tar-stream'

import { concat } from '@drayage/bytes'

const SECTOR_BYTES = 512
const TYPE_OFFSET = 156
const MAGIC = { start: 257, end: 262 }
const REGULAR_FILE = 0x30
const SYMBOLIC_LINK = 0x32

/** The end of a tar archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * SECTOR_BYTES)

/** What a file or a link in a tar archive is called. */
export interface TarName {
  readonly name: string
  /** Where a symbolic link leads, as it is written; absent for a regular file. */
  readonly linkTo?: string | undefined
}

/**
 * The header of a regular file or a symbolic link in a tar archive: mode 0444 or 0777, owner 0, time 0, so that the same
 * files give the same bytes. Its length depends on the names only.
 */
export async function tarHeader({ name, linkTo }: TarName, size: number): Promise<Uint8Array> {
  const packer = pack()
  packer.on('error', () => {})
  const common = { name, uid: 0, gid: 0, mtime: new Date(0) }
  if (linkTo === undefined) packer.entry({ ...common, size, mode: 0o444, type: 'file' }, () => {})
  else packer.entry({ ...common, linkname: linkTo, mode: 0o777, type: 'symlink' }, () => {})
  const last = linkTo === undefined ? REGULAR_FILE : SYMBOLIC_LINK
  const parts: Uint8Array[] = []
  // A name that does not fit comes in an extended header before the file's own; the loop's end closes the packer.
  for await (const part of packer) {
    if (!(part instanceof Uint8Array)) continue
    parts.push(part)
    if (isHeader(part) && part[TYPE_OFFSET] === last) break
  }
  return concat(parts)
}

/** Whether a part is a header, and not the data of an extended one. */
function isHeader(part: Uint8Array): boolean {
  return part.byteLength === SECTOR_BYTES && Buffer.from(part.subarray(MAGIC.start, MAGIC.end)).toString() === 'ustar'
}

/** How many bytes follow a file of this size to fill its last sector. */
export function tarPadding(size: number): number {
  return (SECTOR_BYTES - (size % SECTOR_BYTES)) % SECTOR_BYTES
}
