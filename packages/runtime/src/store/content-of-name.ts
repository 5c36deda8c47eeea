import { ContentNotFoundError, type BlobSizer, type Checker, type Fetcher } from '@drayage/content'
import { signedBytesOf } from '@drayage/manifest'
import { repositoryOf, type Reference } from '@drayage/reference'

import type { Store } from './store.ts'

/**
 * What a name of the store stands for, as it came: schema 1 with its signatures, where the descriptor tells where these
 * bytes are, and layers of the sizes that the repository has them with, since schema 1 does not say them.
 */
export function contentOfName(
  { content, holdings }: Pick<Store, 'content' | 'holdings'>,
  name: Reference,
): Fetcher & Checker & BlobSizer {
  return {
    fetch: (what, options) => content.fetch(signedBytesOf(what) ?? what, options),
    has: (what, options) => content.has(signedBytesOf(what) ?? what, options),
    async sizeOf({ digest }, options) {
      const held = await holdings.find('blob', repositoryOf(name), digest, options)
      if (held === undefined) throw new ContentNotFoundError(digest)
      return held.size
    },
  }
}
