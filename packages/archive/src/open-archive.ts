import { type ArchiveFiles, openArchiveFiles } from './tar/archive-files.ts'
import { layoutInArchive } from './layout/archive-layout.ts'
import { type DockerArchive, dockerArchiveOf } from './docker/docker-archive-source.ts'
import { ArchiveFormatError } from './errors.ts'
import type { LayoutSource } from './layout/layout-source.ts'
import type { ArchiveInput, OpenArchiveOptions } from './tar/open-archive-bytes.ts'

/** An open oci-archive: a tar of an OCI image layout. */
export interface OciArchive extends LayoutSource, AsyncDisposable {
  readonly kind: 'oci-archive'
}

/**
 * Opens a docker-archive, as docker, podman, skopeo and crane write it, plain or compressed with gzip,
 * zstd, bzip2 or xz, or unpacked in a directory.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 * @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT`
 * @throws CompressedDataError `ERR_COMPRESSED_DATA` and the other errors of `decompress`
 */
export function openDockerArchive(input: ArchiveInput, options: OpenArchiveOptions = {}): Promise<DockerArchive> {
  return openWith(input, options, (files) => dockerArchiveOf(files, options))
}

/**
 * Opens an oci-archive, plain or compressed with gzip, zstd, bzip2 or xz, or unpacked in a directory.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 * @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT`
 * @throws LayoutError `ERR_LAYOUT`
 * @throws CompressedDataError `ERR_COMPRESSED_DATA` and the other errors of `decompress`
 * @see OCI image-spec v1.1.1, image-layout.md
 */
export function openOciArchive(input: ArchiveInput, options: OpenArchiveOptions = {}): Promise<OciArchive> {
  return openWith(input, options, (files) => ociArchiveOf(files, options))
}

/**
 * Opens an archive of either kind. One that is both, as Docker Engine writes it, is a docker-archive.
 *
 * @throws the errors of {@link openDockerArchive} and {@link openOciArchive}
 */
export function openArchive(
  input: ArchiveInput,
  options: OpenArchiveOptions = {},
): Promise<DockerArchive | OciArchive> {
  return openWith<DockerArchive | OciArchive>(input, options, (files) =>
    files.find('manifest.json') === undefined && files.find('index.json') !== undefined
      ? ociArchiveOf(files, options)
      : dockerArchiveOf(files, options),
  )
}

async function openWith<T>(
  input: ArchiveInput,
  options: OpenArchiveOptions,
  read: (files: ArchiveFiles) => Promise<T>,
): Promise<T> {
  const files = await openArchiveFiles(input, options)
  try {
    return await read(files)
  } catch (error) {
    await files[Symbol.asyncDispose]()
    throw error
  }
}

async function ociArchiveOf(files: ArchiveFiles, options: OpenArchiveOptions): Promise<OciArchive> {
  const layout = await layoutInArchive(files, options)
  if (layout === undefined) {
    throw new ArchiveFormatError('missing', 'it is no OCI image layout, since it lacks oci-layout or index.json')
  }
  return { ...layout, kind: 'oci-archive', [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() }
}
