import { ArchiveExistsError, openFileOutput, type ArchiveOutput } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { PlaceTarget } from '@drayage/distribution'
import { disk, unlessMissing } from '@drayage/files'

/** An archive that a copy writes anew. */
export interface NewArchive {
  /** @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for an archive that exists */
  readonly look: PlaceTarget['look']
  openOutput(options: AbortOptions): Promise<ArchiveOutput>
}

/** A file that an archive is written to; one that exists and is not empty is refused. */
export function archiveFile(file: string, text: string): NewArchive {
  return {
    async look() {
      const found = await unlessMissing(disk.stat(file))
      // As a copy does: an empty file is filled, and a pipe or a device written to.
      if (found?.isFile() === true && found.size > 0) throw new ArchiveExistsError(file)
      return { text, key: text, sink: { has: async () => false } }
    },
    openOutput: async ({ signal }) => await openFileOutput(file, { signal }),
  }
}
