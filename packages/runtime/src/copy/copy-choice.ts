import type { CopyOptions } from '@drayage/distribution'

import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'
import type { CopySource } from './open-copy-source.ts'

/** Which images of an index a copy takes, what goes along, and whether digests stay. */
export type CopyChoice = Pick<CopyOptions, 'platform' | 'subset' | 'preserveDigests' | 'referrers'>

/** Whether a copy brings an index. */
export function takesIndex({ all, platforms = [], index }: CopyImageOptions): boolean {
  return all === true || index !== undefined || platforms.length > 1
}

/** What the options of a copy choose of a source. */
export function choiceOf(runtime: Runtime, { name }: CopySource, options: CopyImageOptions): CopyChoice {
  const { all, index, referrers, preserveDigests = false } = options
  const platforms = options.platforms?.length ? options.platforms : [runtime.platform]
  const [platform = runtime.platform] = platforms
  const repository = { domain: name.domain, path: name.path }
  const shared = { preserveDigests, ...(referrers !== undefined && { referrers: { ...referrers, repository } }) }
  if (all === true || index === 'full') return shared
  if (!takesIndex(options)) return { ...shared, platform }
  return { ...shared, subset: { platforms, index: index ?? 'rewrite' } }
}
