import { join, sep } from 'node:path'

import { type Digest, digestAlgorithm, digestHex } from '@drayage/digest'
import { type IngestKey, isIngestKey } from '@drayage/content'

/** Where a store keeps what, below one directory. */
export interface Layout {
  readonly root: string
  readonly blobs: string
  readonly ingests: string
  readonly trash: string
  /** Damaged content that was taken out of the way. */
  readonly setAside: string
  /** The directories of blobs by algorithm. */
  readonly blobDirectories: readonly [sha256: string, sha512: string]
}

/** The layout below `root`. */
export function layoutOf(root: string): Layout {
  const blobs = join(root, 'blobs')
  const blobDirectories = [join(blobs, 'sha256'), join(blobs, 'sha512')] as const
  const [ingests, trash, setAside] = [join(root, 'ingest'), join(root, 'trash'), join(root, 'damaged')]
  return { root, blobs, ingests, trash, setAside, blobDirectories }
}

/** The directory of the blob with this digest. */
export function blobDirectory(layout: Layout, digest: Digest): string {
  const [sha256, sha512] = layout.blobDirectories
  return digestAlgorithm(digest) === 'sha512' ? sha512 : sha256
}

/** The file of the blob with this digest. */
export function blobFile(layout: Layout, digest: Digest): string {
  // Lists ask for thousands: `join` would take as long as the system's look at the file.
  return `${blobDirectory(layout, digest)}${sep}${digestHex(digest)}`
}

/** Where a damaged blob is kept. */
export function setAsideFile(layout: Layout, digest: Digest): string {
  return join(layout.setAside, digest.replace(':', '-'))
}

/** The directory of an ingest. The colon of a digest becomes a dot, which no other key has. */
export function ingestDirectory(layout: Layout, key: IngestKey): string {
  return join(layout.ingests, key.replace(':', '.'))
}

/** The key whose ingest has a directory of this name; `undefined` for other names. */
export function ingestKeyOf(name: string): IngestKey | undefined {
  const key = name.replace('.', ':')
  return isIngestKey(key) ? key : undefined
}

/** The stored bytes of an ingest. */
export function dataFile(directory: string): string {
  return join(directory, 'data')
}

/** The file whose lock its holder has. */
export function lockFileOf(directory: string): string {
  return join(directory, 'lock')
}
