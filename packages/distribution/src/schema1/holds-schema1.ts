import type { AbortOptions } from '@drayage/bytes'
import { readBlob } from '@drayage/content'
import { decodeManifest, manifestKind, type Descriptor } from '@drayage/manifest'

import { MAX_INDEX_DEPTH } from '../defaults.ts'
import type { CopySelection } from '../copy/selection.ts'
import { isLeftOut } from '../copy/walk-selection.ts'

/** Whether anything of a selection is a schema 1 manifest; indexes are read. */
export async function holdsSchema1(selection: CopySelection, options: AbortOptions = {}): Promise<boolean> {
  const look = async (what: Descriptor, depth: number): Promise<boolean> => {
    const kind = manifestKind(what.mediaType)
    if (kind !== 'index' || depth > MAX_INDEX_DEPTH) return kind === 'schema1'
    const index = decodeManifest(await readBlob(selection.source, what, options), what)
    if (index.kind !== 'index') return index.kind === 'schema1'
    for (const child of index.value.manifests) {
      if (!isLeftOut(selection, child) && (await look(child, depth + 1))) return true
    }
    return false
  }
  return await look(selection.root, 0)
}
