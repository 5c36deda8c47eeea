/**
 * docker-archives and OCI layouts as sinks of images.
 *
 * @packageDocumentation
 */
export type { ArchiveError, ArchiveErrorCode } from './errors.ts'
export type { ArchiveImage, DockerArchiveOptions, DockerArchiveWriter } from './docker-archive-writer.ts'
export type { ArchiveLayer } from './layer-member.ts'
export type { ArchiveOutput, PositionalOutput, SequentialOutput } from './archive-output.ts'
export type { FileOutputOptions } from './file-output.ts'
export type { OciLayoutSink, OciLayoutSinkOptions } from './oci-layout-sink.ts'

export { ArchiveClosedError, ArchiveExistsError, ArchiveImageError, isArchiveError, LayoutError } from './errors.ts'
export {
  createDockerArchiveWriter,
  DEFAULT_ARCHIVE_CONCURRENCY,
  DEFAULT_SPOOL_MEMORY_BYTES,
} from './docker-archive-writer.ts'
export { createOciLayoutSink } from './oci-layout-sink.ts'
export { openFileOutput } from './file-output.ts'
export { streamOutput } from './stream-output.ts'
