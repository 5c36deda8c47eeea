import type { AbortOptions } from '@drayage/bytes'
import type { CopyOptions, DistributionEvent } from '@drayage/distribution'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import type { Runtime } from '../create-runtime.ts'
import { mountSources } from '../images/mount-sources.ts'
import type { CopySource } from './open-copy-source.ts'

/** Options of {@link copyMounts}. */
export interface CopyMountsOptions extends AbortOptions {
  /** A repository that got the blob before, in this call. */
  readonly holderOf?: (blob: Descriptor) => Repository | undefined
}

/**
 * Where blobs on their way to `target` may be mounted from, all of the same registry: the source, who got them before, and,
 * when they come from the store, what it remembers.
 */
export function copyMounts(
  runtime: Runtime,
  { repository, store }: CopySource,
  target: Repository,
  { holderOf = () => undefined, signal }: CopyMountsOptions,
): Pick<CopyOptions, 'mountFrom' | 'onMountRefused'> {
  const isNeighbour = (each: Repository): boolean => each.domain === target.domain && each.path !== target.path
  const known = store && mountSources({ store, logins: runtime.usedLogins, target }, { signal })
  return {
    ...known,
    mountFrom: async (blob) => {
      const own = [repository, holderOf(blob)].filter((each) => each !== undefined && isNeighbour(each))
      const all = [...own, ...((await known?.mountFrom(blob)) ?? [])].filter((each) => each !== undefined)
      return [...new Map(all.map((each) => [each.path, each])).values()]
    },
  }
}

/** States after which a blob is in the repository that is copied to. */
const ARRIVED: ReadonlySet<string> = new Set(['complete', 'exists', 'mounted'])

/** The blob that an event of a copy tells to be in the repository that is copied to. */
export function arrivedBlob(event: DistributionEvent): Digest | undefined {
  return event.type === 'layer' && ARRIVED.has(event.layer.state) ? event.digest : undefined
}
