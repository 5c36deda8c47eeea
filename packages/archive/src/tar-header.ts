import { pack } from 'tar-stream'

import { concat } from '@drayage/bytes'

const SECTOR_BYTES = 512
const TYPE_OFFSET = 156
const REGULAR_FILE = 0x30

/** The end of a tar archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * SECTOR_BYTES)

/**
 * The header of a regular file in a tar archive: mode 0444, owner 0, time 0, so that the same files give the same bytes.
 * Its length depends on the name only.
 */
export async function tarHeader(name: string, size: number): Promise<Uint8Array> {
  const packer = pack()
  packer.on('error', () => {})
  packer.entry({ name, size, mode: 0o444, uid: 0, gid: 0, mtime: new Date(0), type: 'file' }, () => {})
  const parts: Uint8Array[] = []
  // A name that does not fit comes in an extended header before the file's own; the loop's end closes the packer.
  for await (const part of packer) {
    if (!(part instanceof Uint8Array)) continue
    parts.push(part)
    if (part.byteLength === SECTOR_BYTES && part[TYPE_OFFSET] === REGULAR_FILE) break
  }
  return concat(parts)
}

/** How many bytes follow a file of this size to fill its last sector. */
export function tarPadding(size: number): number {
  return (SECTOR_BYTES - (size % SECTOR_BYTES)) % SECTOR_BYTES
}
