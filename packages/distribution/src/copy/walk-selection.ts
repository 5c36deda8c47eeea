import type { AbortOptions } from '@drayage/bytes'
import { walk, walkIdentity, type Fetcher, type WalkStep } from '@drayage/content'
import { manifestKind, type Descriptor } from '@drayage/manifest'
import type { CopySelection } from './selection.ts'

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
  const company = [...selection.referrers, ...selection.tags].map(({ what }) => what)
  const met = new Set<string>()
  const skip = async (what: Descriptor): Promise<boolean> => isLeftOut(selection, what) || met.has(walkIdentity(what))
  for await (const step of walk(source, selection.root, { skip, signal })) {
    if (company.length > 0) met.add(walkIdentity(step.descriptor))
    yield step
  }
  for (const root of company) {
    // What is left out of an index may go along for another reason.
    const isMet = async (what: Descriptor): Promise<boolean> => met.has(walkIdentity(what))
    for await (const step of walk(source, root, { skip: isMet, signal })) {
      met.add(walkIdentity(step.descriptor))
      yield step
    }
  }
}

/** Whether a manifest is listed and not copied. */
export function isLeftOut({ leftOut }: Pick<CopySelection, 'leftOut'>, what: Descriptor): boolean {
  return leftOut.has(what.digest) && manifestKind(what.mediaType) !== undefined
}
