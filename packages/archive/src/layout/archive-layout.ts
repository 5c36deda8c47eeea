import type { AbortOptions } from '@drayage/bytes'
import { digestAlgorithm, digestHex } from '@drayage/digest'
import { type ImageIndex, MAX_MANIFEST_BYTES } from '@drayage/manifest'

import type { ArchiveFiles } from '../tar/archive-files.ts'
import type { ContentFile } from '../content-file.ts'
import { assertLayoutVersion, decodeLayoutIndex } from './layout-documents.ts'
import { type LayoutSource, layoutSource } from './layout-source.ts'

/** How an archive is called in messages about its layout. */
const PLACE = 'the archive'

/** The OCI image layout inside an archive; `undefined` without one. @throws LayoutError `ERR_LAYOUT` */
export async function layoutInArchive(
  files: ArchiveFiles,
  { signal }: AbortOptions = {},
): Promise<LayoutSource | undefined> {
  const version = await files.read('oci-layout', { maxBytes: 65_536, signal })
  const index = await files.read('index.json', { maxBytes: MAX_MANIFEST_BYTES, signal })
  if (version === undefined || index === undefined) return undefined
  assertLayoutVersion(version, PLACE)
  const value: ImageIndex = decodeLayoutIndex(index, PLACE)
  return layoutSource({
    readIndex: async () => value,
    async findBlob({ digest }): Promise<ContentFile | undefined> {
      const file = files.find(`blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`)
      return file === undefined
        ? undefined
        : { size: file.size, open: (options) => file.open(options), async close() {} }
    },
  })
}
