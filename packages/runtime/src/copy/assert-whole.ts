import type { PlaceSource, PlaceTarget } from '@drayage/distribution'

import type { TransferSettings } from '../runtime.ts'
import { incomplete, lackingAt } from '../images/incomplete-index.ts'
import { formOf, type ChoiceOptions } from './copy-choice.ts'

/**
 * Refuses to copy a full index whose source has only some of it, before anything is written, unless the target has the rest.
 *
 * @throws IndexIncompleteError `ERR_INDEX_INCOMPLETE`
 */
export async function assertWhole(
  runtime: TransferSettings,
  source: PlaceSource,
  to: PlaceTarget,
  options: ChoiceOptions,
): Promise<void> {
  const { parts, label } = source
  if (parts === undefined || parts.leftOut.length === 0 || formOf(options) !== 'full') return
  const { sink } = await to.look(source, { signal: options.signal })
  const lacking = await lackingAt(runtime, sink, parts.leftOut, options)
  if (lacking.length > 0) throw incomplete('copy', label, '--index sparse', parts, lacking)
}
