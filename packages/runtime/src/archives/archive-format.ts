/** The formats that images are saved in. */
export const ARCHIVE_FORMATS: readonly ['docker-oci-archive', 'docker-archive', 'oci-archive', 'oci', 'dir'] = [
  'docker-oci-archive',
  'docker-archive',
  'oci-archive',
  'oci',
  'dir',
]

/** A format that images are saved in. */
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number]

/** The format of `saveImages` by default: it changes no digest, and every reader of either kind takes it. */
export const DEFAULT_ARCHIVE_FORMAT: ArchiveFormat = 'docker-oci-archive'
