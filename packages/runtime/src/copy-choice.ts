import type { CopyOptions } from '@drayage/distribution'

import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from './create-runtime.ts'

/** Which images of an index a copy takes, and whether it keeps digests. */
export type CopyChoice = Pick<CopyOptions, 'platform' | 'subset' | 'preserveDigests'>

/** Whether a copy brings an index. */
export function takesIndex({ all, platforms = [], index }: CopyImageOptions): boolean {
  return all === true || index !== undefined || platforms.length > 1
}

/** What the options of a copy choose. */
export function choiceOf(runtime: Runtime, options: CopyImageOptions): CopyChoice {
  const { all, index, preserveDigests = false } = options
  const platforms = options.platforms?.length ? options.platforms : [runtime.platform]
  const [platform = runtime.platform] = platforms
  if (all === true || index === 'full') return { preserveDigests }
  if (!takesIndex(options)) return { preserveDigests, platform }
  return { preserveDigests, subset: { platforms, index: index ?? 'rewrite' } }
}
