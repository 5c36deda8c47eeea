import { type ByteStream, fromBytes, skip } from '@drayage/bytes'
import { decompress } from '@drayage/compression'
import { type Digest, type DigestAlgorithm, digestOfStream } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { AbortOptions } from '@drayage/bytes'
import type { ArchiveFile } from '../tar/archive-files.ts'
import type { ContentFile } from '../content-file.ts'
import type { LayoutSource } from '../layout/layout-source.ts'

/** What a file inflates to. */
export interface InflatedFile {
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
}

/** Which content a docker-archive has been found to hold, by digest and size. */
export interface DockerArchiveBlobs {
  readonly find: (what: Descriptor) => Promise<ContentFile | undefined>
  /** Adds content that is in memory. */
  addBytes(digest: Digest, bytes: Uint8Array): void
  /** Adds content that is a file of the archive; the first one stays. */
  addFile(digest: Digest, file: ArchiveFile): void
  /** The digest of a file of the archive; each file is read once. */
  digestOf(file: ArchiveFile, options: AbortOptions): Promise<Digest>
  /** Adds content that a file of the archive inflates to; the first one stays. */
  addInflated(digest: Digest, size: number, open: (options: AbortOptions) => ByteStream): void
  /** Digest and size of what a file of the archive inflates to; each file is read once. */
  inflatedOf(file: ArchiveFile, algorithm: DigestAlgorithm, options: AbortOptions): Promise<InflatedFile>
}

/** Creates the table; what is not in it may be in the layout inside the archive. */
export function createDockerArchiveBlobs(layout: LayoutSource | undefined): DockerArchiveBlobs {
  const known = new Map<string, ContentFile>()
  const digests = new Map<number, Digest>()
  const inflated = new Map<string, InflatedFile>()
  // Content is checked when it is read, so two files that claim one digest and differ in size must not hide each other.
  const key = (digest: Digest, size: number): string => `${digest} ${size}`
  const add = (digest: Digest, file: ContentFile): void => {
    if (!known.has(key(digest, file.size))) known.set(key(digest, file.size), file)
  }
  return {
    async find(what) {
      const found = known.get(key(what.digest, what.size))
      if (found !== undefined || layout === undefined || !(await layout.has(what))) return found
      const { size } = what
      return {
        size,
        open: ({ offset, signal }): ByteStream => layout.fetch(what, { offset, signal, verify: false }),
        async close() {},
      }
    },
    addBytes: (digest, bytes) =>
      add(digest, {
        size: bytes.byteLength,
        open: ({ offset }) => fromBytes(bytes.subarray(offset)),
        async close() {},
      }),
    addFile: (digest, file) =>
      add(digest, { size: file.size, open: (options) => file.open(options), async close() {} }),
    async digestOf(file, { signal }) {
      const found = digests.get(file.start)
      if (found !== undefined) return found
      const { digest } = await digestOfStream(file.open({ signal }), 'sha256')
      digests.set(file.start, digest)
      return digest
    },
    addInflated: (digest, size, open) =>
      add(digest, { size, open: ({ offset, signal }) => skip(open({ signal }), offset), async close() {} }),
    async inflatedOf(file, algorithm, { signal }) {
      const name = `${algorithm} ${file.start}`
      const found = inflated.get(name)
      if (found !== undefined) return found
      const read = await digestOfStream(decompress(file.open({ signal }), { signal }), algorithm)
      inflated.set(name, read)
      return read
    },
  }
}
