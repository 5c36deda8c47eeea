import type { AbortOptions } from '@drayage/bytes'
import type { CopyOptions } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import type { UsedLogins } from '../remote/used-logins.ts'
import type { Store } from '../store/store.ts'

/** Where blobs may be mounted from, as a copy asks for it. */
export type MountSources = { readonly [K in 'mountFrom' | 'onMountRefused']: NonNullable<CopyOptions[K]> }

/** What {@link mountSources} looks into. */
export interface MountSourcesParts {
  readonly store: Store
  readonly logins: UsedLogins
  /** The repository that is pushed to. */
  readonly target: Repository
}

/**
 * The repositories of the target's registry that blobs can be mounted from, as far as this store knows: those where the
 * same user was, first those whose path begins like the target's, then the newest. One that does not mount is forgotten,
 * unless the registry asks for a login that is missing: then it may be the user whom it does not know.
 */
export function mountSources({ store, logins, target }: MountSourcesParts, options: AbortOptions): MountSources {
  return {
    mountFrom: async ({ digest }) => {
      const known = await store.images.sourcesOf(digest, options)
      return known
        .filter(({ domain, path }) => domain === target.domain && path !== target.path)
        .filter((source) => source.auth === logins.markOf(digest, source))
        .toSorted((one, two) => equalParts(two, target) - equalParts(one, target))
        .map(({ domain, path }) => ({ domain, path }))
    },
    onMountRefused: async ({ digest }, from) => {
      if (!logins.isAnonymous(from.domain)) await store.images.forgetSource(digest, from, options)
    },
  }
}

/** Remembers that content is in a repository, and who was there. */
export async function recordSources(
  { store, logins, target }: MountSourcesParts,
  content: readonly Pick<Descriptor, 'digest'>[],
  options: AbortOptions = {},
): Promise<void> {
  const sources = content.map(({ digest }) => ({ digest, auth: logins.markOf(digest, target) }))
  await store.images.recordSources(sources, target, options)
}

/** How many components two paths begin with in common. */
function equalParts(one: Repository, two: Repository): number {
  const parts = two.path.split('/')
  const different = one.path.split('/').findIndex((part, index) => part !== parts[index])
  return different < 0 ? Math.min(one.path.split('/').length, parts.length) : different
}
