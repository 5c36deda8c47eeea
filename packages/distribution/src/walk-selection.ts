import type { AbortOptions } from '@drayage/bytes'
import { walk, type Fetcher, type WalkStep } from '@drayage/content'
import { manifestKind, type Descriptor } from '@drayage/manifest'

import type { CopySelection } from './copy-selection.ts'

/** Where {@link walkSelection} reads manifests from; the selection's own source by default. */
export interface WalkSelectionOptions extends AbortOptions {
  readonly source?: Fetcher
}

/**
 * Everything that a copy brings, each piece once and children before their parents.
 *
 * @throws WalkLimitError `ERR_WALK_LIMIT` and the other errors of `walk`
 */
export async function* walkSelection(
  selection: CopySelection,
  options: WalkSelectionOptions = {},
): AsyncGenerator<WalkStep, void, void> {
  const { signal, source = selection.source } = options
  const skip = async (what: Descriptor): Promise<boolean> => isLeftOut(selection, what)
  yield* walk(source, selection.root, { skip, signal })
}

/** Whether a manifest is listed and not copied. */
export function isLeftOut({ leftOut }: CopySelection, what: Descriptor): boolean {
  return leftOut.has(what.digest) && manifestKind(what.mediaType) !== undefined
}
