import { type AbortOptions, type ByteStream, encodeText, fromBytes } from '@drayage/bytes'
import { type Fetcher, walk, type WalkStep } from '@drayage/content'
import { digestAlgorithm, digestHex, type Digest } from '@drayage/digest'
import { type Descriptor, encodeManifest, type ImageIndex, MEDIA_TYPES } from '@drayage/manifest'

import type { ArchiveOutput } from './archive-output.ts'
import { ArchiveImageError } from './errors.ts'
import { LAYOUT_VERSION } from './layout-documents.ts'
import { withEntry } from './layout-index.ts'
import { bytesMember, type Member } from './members.ts'
import { type WriteArchiveOptions, writeMembers } from './write-members.ts'

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
  options: WriteArchiveOptions = {},
): Promise<void> {
  await writeMembers(output, ({ signal }) => layoutMembers(source, roots, { signal }), options)
}

/** The files of a layout with these roots; the digests of its blobs are added to `written`. */
export async function* layoutMembers(
  source: Fetcher,
  roots: readonly OciArchiveRoot[],
  { signal, written = new Set() }: AbortOptions & { readonly written?: Set<Digest> },
): AsyncGenerator<Member, void, void> {
  yield bytesMember('oci-layout', encodeText(JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION })))
  yield bytesMember('index.json', encodeManifest(indexOf(roots)))
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
  return {
    name: blobName(descriptor.digest),
    size: descriptor.size,
    open: (options): ByteStream =>
      manifest === undefined ? source.fetch(descriptor, options) : fromBytes(manifest.bytes),
  }
}

/** The name of a blob in an archive of a layout. */
export function blobName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`
}
