/**
 * docker-archives, OCI layouts, oci-archives and directories of images as sources and sinks.
 *
 * @packageDocumentation
 */
export type { ArchiveError, ArchiveErrorCode, ArchiveFault, ArchiveLimit } from './errors.ts'
export type { ArchiveImage, DockerArchiveWriter, WrittenLayer } from './docker/docker-archive-writer.ts'
export type { ArchiveInput, OpenArchiveOptions } from './tar/open-archive-bytes.ts'
export type { StoredLayer } from './docker/inflated-layers.ts'
export type { ArchiveLayer } from './docker/layer-member.ts'
export type { ArchiveOutput, PositionalOutput, SequentialOutput } from './output/archive-output.ts'
export type { DirImage, DirImageOptions } from './dir/dir-source.ts'
export type { DirSink, DirSinkOptions } from './dir/dir-sink.ts'
export type { DockerArchive, DockerArchiveEntry } from './docker/docker-archive-source.ts'
export type { OriginalEntry } from './docker/docker-archive-originals.ts'
export type { DockerArchiveImage, DockerArchiveLayer, ReadDockerImageOptions } from './docker/docker-archive-image.ts'
export type { FileOutputOptions } from './output/file-output.ts'
export type { ImageSelector, LayoutSource } from './layout/layout-source.ts'
export type { LayoutRoot, NamedContent } from './layout/named-roots.ts'
export type { OciArchive } from './open-archive.ts'
export type { ArchiveWritingOptions } from './output/members.ts'
export type { DockerOciArchiveSinkOptions } from './docker/docker-oci-archive-sink.ts'
export type { OciArchiveSink, OciArchiveSinkOptions } from './layout/oci-archive-sink.ts'
export type { OciLayoutSink, OciLayoutSinkOptions } from './layout/oci-layout-sink.ts'
export type { OciLayoutSourceOptions } from './layout/oci-layout-source.ts'

export {
  ArchiveClosedError,
  ArchiveExistsError,
  ArchiveFormatError,
  ArchiveImageError,
  ArchiveLimitError,
  ArchiveSelectionError,
  DirImageError,
  isArchiveError,
  LayoutError,
} from './errors.ts'
export { createDockerArchiveWriter } from './docker/docker-archive-writer.ts'
export { createDockerOciArchiveSink } from './docker/docker-oci-archive-sink.ts'
export { DEFAULT_ARCHIVE_CONCURRENCY, DEFAULT_SPOOL_MEMORY_BYTES } from './output/members.ts'
export { inflatedLayers } from './docker/inflated-layers.ts'
export { createOciArchiveSink } from './layout/oci-archive-sink.ts'
export { createOciLayoutSink } from './layout/oci-layout-sink.ts'
export { DEFAULT_MAX_SPOOL_BYTES } from './tar/open-archive-bytes.ts'
export { MAX_ARCHIVE_IMAGES, MAX_ARCHIVE_MANIFEST_BYTES } from './docker/docker-archive-manifest.ts'
export { MAX_MEMBERS, MAX_NAME, MAX_NAMES } from './tar/tar-contents.ts'
export { MAX_LINKS, MAX_WALKED } from './tar/member-finder.ts'
export { openArchive, openDockerArchive, openOciArchive } from './open-archive.ts'
export { openDirImage } from './dir/dir-source.ts'
export { openDirSink } from './dir/dir-sink.ts'
export { openFileOutput } from './output/file-output.ts'
export { openOciLayout } from './layout/oci-layout-source.ts'
export { streamOutput } from './output/stream-output.ts'
export { namedRoots } from './layout/named-roots.ts'
