/**
 * docker-archives, OCI layouts, oci-archives and directories of images as sources and sinks.
 *
 * @packageDocumentation
 */
export type { ArchiveError, ArchiveErrorCode, ArchiveFault, ArchiveLimit } from './errors.ts'
export type { ArchiveImage, DockerArchiveOptions, DockerArchiveWriter } from './docker-archive-writer.ts'
export type { ArchiveInput, OpenArchiveOptions } from './open-archive-bytes.ts'
export type { ArchiveLayer } from './layer-member.ts'
export type { ArchiveOutput, PositionalOutput, SequentialOutput } from './archive-output.ts'
export type { DirImage, DirImageOptions } from './dir-source.ts'
export type { DirSink, DirSinkOptions } from './dir-sink.ts'
export type { DockerArchive, DockerArchiveEntry } from './docker-archive-source.ts'
export type { DockerArchiveImage, DockerArchiveLayer } from './docker-archive-image.ts'
export type { FileOutputOptions } from './file-output.ts'
export type { ImageSelector, LayoutSource } from './layout-source.ts'
export type { NamedContent } from './named-roots.ts'
export type { OciArchive } from './open-archive.ts'
export type { DockerOciArchiveImage } from './write-docker-oci-archive.ts'
export type { OciArchiveRoot } from './write-oci-archive.ts'
export type { WriteArchiveOptions } from './write-members.ts'
export type { OciArchiveSink, OciArchiveSinkOptions } from './oci-archive-sink.ts'
export type { OciLayoutSink, OciLayoutSinkOptions } from './oci-layout-sink.ts'
export type { OciLayoutSourceOptions } from './oci-layout-source.ts'

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
export {
  createDockerArchiveWriter,
  DEFAULT_ARCHIVE_CONCURRENCY,
  DEFAULT_SPOOL_MEMORY_BYTES,
} from './docker-archive-writer.ts'
export { createOciArchiveSink } from './oci-archive-sink.ts'
export { createOciLayoutSink } from './oci-layout-sink.ts'
export { DEFAULT_MAX_SPOOL_BYTES } from './open-archive-bytes.ts'
export { MAX_ARCHIVE_IMAGES, MAX_ARCHIVE_MANIFEST_BYTES } from './docker-archive-manifest.ts'
export { MAX_EXTENDED_HEADER_BYTES, MAX_MEMBERS, MAX_NAME, MAX_NAMES } from './tar-contents.ts'
export { MAX_LINKS, MAX_WALKED } from './member-finder.ts'
export { openArchive, openDockerArchive, openOciArchive } from './open-archive.ts'
export { openDirImage } from './dir-source.ts'
export { openDirSink } from './dir-sink.ts'
export { openFileOutput } from './file-output.ts'
export { openOciLayout } from './oci-layout-source.ts'
export { streamOutput } from './stream-output.ts'
export { namedRoots } from './named-roots.ts'
export { writeDockerOciArchive } from './write-docker-oci-archive.ts'
export { writeOciArchive } from './write-oci-archive.ts'
