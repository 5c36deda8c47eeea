import type { CopyOptions, PlaceHolds, PlaceSource } from '@drayage/distribution'

import type { Runtime } from '../runtime.ts'
import { isConversion } from './conversion-options.ts'
import type { CopyImageOptions } from './copy-options.ts'

/** Which images of an index a copy takes, what goes along, and whether digests stay. */
export type CopyChoice = Pick<CopyOptions, 'platform' | 'subset' | 'leftOut' | 'preserveDigests' | 'referrers' | 'name'>

/** The options of a copy to a place that may keep the index of each image. */
export interface ChoiceOptions extends CopyImageOptions, Pick<PlaceHolds, 'keepsIndex'> {}

/** Whether a copy brings an index. */
export function takesIndex(options: ChoiceOptions): boolean {
  return formOf(options) !== undefined
}

/** How an index is copied: as it is asked for, else sparse to a place that keeps it, and anew where several images are chosen. */
export function formOf(options: ChoiceOptions): CopyImageOptions['index'] {
  const { index, platforms = [], all = false, keepsIndex = false } = options
  if (index !== undefined || all) return all ? 'full' : index
  if (keepsIndex && !isConversion(options)) return 'sparse'
  return platforms.length > 1 ? 'rewrite' : undefined
}

/** What the options of a copy choose of a source. */
export function choiceOf(
  { platform: own }: Pick<Runtime, 'platform'>,
  { label, tagsIn, parts }: Pick<PlaceSource, 'label' | 'tagsIn' | 'parts'>,
  options: ChoiceOptions,
): CopyChoice {
  const { referrers, preserveDigests = false } = options
  const platforms = options.platforms?.length ? options.platforms : [own]
  const [platform = own] = platforms
  const repository = tagsIn && { domain: tagsIn.domain, path: tagsIn.path }
  const company = referrers === undefined ? {} : { referrers: { ...referrers, ...(repository && { repository }) } }
  const shared = { name: label, preserveDigests, ...company }
  const form = formOf(options)
  // A source that chooses itself has looked at the platforms.
  if (parts !== undefined) {
    const leftOut = new Set(parts.leftOut.map(({ digest }) => digest))
    return { ...shared, leftOut, ...(form === 'rewrite' && { subset: { index: form } }) }
  }
  if (form === 'full') return shared
  return form === undefined ? { ...shared, platform } : { ...shared, subset: { platforms, index: form } }
}
