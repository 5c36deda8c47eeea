import { type AbortOptions, type ByteStream, encodeText, fromBytes } from '@drayage/bytes'
import { type Fetcher, walk, type WalkStep } from '@drayage/content'
import { digestAlgorithm, digestHex } from '@drayage/digest'
import { type Descriptor, encodeManifest, type ImageIndex, MEDIA_TYPES } from '@drayage/manifest'

import { type ArchiveOutput, isPositional } from './archive-output.ts'
import {
  DEFAULT_ARCHIVE_CONCURRENCY,
  DEFAULT_SPOOL_MEMORY_BYTES,
  type DockerArchiveOptions,
} from './docker-archive-writer.ts'
import { ArchiveImageError } from './errors.ts'
import { LAYOUT_VERSION } from './layout-documents.ts'
import { withEntry } from './layout-index.ts'
import type { Member } from './members.ts'
import { createPositionalMembers } from './positional-members.ts'
import { createSequentialMembers } from './sequential-members.ts'

/** Content on its way into the index of an oci-archive. */
export interface OciArchiveRoot {
  readonly what: Descriptor
  /** Its name there, `org.opencontainers.image.ref.name`. */
  readonly refName?: string | undefined
  /** Where its content is; the source of the archive by default. */
  readonly source?: Fetcher | undefined
  /** Whether to leave out content below it and all that is reached only through that; nothing by default. */
  readonly isLeftOut?: ((what: Descriptor) => boolean) | undefined
}

/** Options of {@link writeOciArchive}. */
export interface WriteOciArchiveOptions extends AbortOptions, DockerArchiveOptions {}

/** How many members wait to be written before the graph is read on. */
const MOST_WAITING = 32

/**
 * Writes graphs of content into one tar of an OCI image layout, straight from their source and verified: `oci-layout`,
 * `index.json`, then blobs, those that others refer to first. Equal graphs in equal order give equal bytes. A failure
 * gives up the whole archive.
 *
 * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE` for no content, an empty name, and a schema 1 manifest
 * @throws WalkLimitError `ERR_WALK_LIMIT` and the other errors of `walk`
 * @see OCI image-spec v1.1.1, image-layout.md
 */
export async function writeOciArchive(
  output: ArchiveOutput,
  source: Fetcher,
  roots: readonly OciArchiveRoot[],
  options: WriteOciArchiveOptions = {},
): Promise<void> {
  const { concurrency = DEFAULT_ARCHIVE_CONCURRENCY, memoryBytes = DEFAULT_SPOOL_MEMORY_BYTES } = options
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  const memberOptions = { concurrency, memoryBytes, fail: (error: unknown) => stop.abort(error) }
  const members = isPositional(output)
    ? createPositionalMembers(output, memberOptions)
    : createSequentialMembers(output, memberOptions)
  const waiting = new Set<Promise<void>>()
  try {
    for await (const member of membersOf(source, roots, { signal })) {
      const written = members.add(member, { signal })
      waiting.add(written)
      written.then(() => waiting.delete(written)).catch(() => {})
      if (waiting.size >= MOST_WAITING) await Promise.race(waiting)
    }
    await Promise.all(waiting)
    await output.finish(await members.end())
    await members.close()
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(waiting)
    await members.close()
    await output.discard().catch(() => {})
    // The first failure is what the others come from.
    throw signal.reason
  }
}

async function* membersOf(
  source: Fetcher,
  roots: readonly OciArchiveRoot[],
  { signal }: AbortOptions,
): AsyncGenerator<Member, void, void> {
  yield bytesMember('oci-layout', encodeText(JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION })))
  yield bytesMember('index.json', encodeManifest(indexOf(roots)))
  const written = new Set<string>()
  for (const { what, source: own = source, isLeftOut } of roots) {
    const skip = async (each: Descriptor): Promise<boolean> => written.has(each.digest) || isLeftOut?.(each) === true
    for await (const step of walk(own, what, { skip, signal })) {
      if (step.manifest?.kind === 'schema1') throw new ArchiveImageError('a schema 1 manifest', 'a later one')
      if (written.has(step.descriptor.digest)) continue
      written.add(step.descriptor.digest)
      yield blobMember(own, step)
    }
  }
}

function indexOf(roots: readonly OciArchiveRoot[]): ImageIndex {
  if (roots.length === 0) throw new ArchiveImageError('nothing', 'at least one image')
  let index: ImageIndex = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }
  for (const { what, refName } of roots) {
    if (refName === '') throw new ArchiveImageError('an empty name', 'some text')
    index = withEntry(index, what, refName)
  }
  return index
}

function blobMember(source: Fetcher, { descriptor, manifest }: WalkStep): Member {
  const { digest, size } = descriptor
  return {
    name: `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`,
    size,
    open: (options): ByteStream =>
      manifest === undefined ? source.fetch(descriptor, options) : fromBytes(manifest.bytes),
  }
}

function bytesMember(name: string, bytes: Uint8Array): Member {
  return { name, size: bytes.byteLength, open: () => fromBytes(bytes) }
}
