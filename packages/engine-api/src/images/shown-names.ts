import { familiarReference } from '@drayage/reference'
import type { Store } from '@drayage/runtime'

import { isFrom, type ApiVersion } from '../http/api-version.ts'

/** The names of an image as the Engine API lists them. */
export interface ShownNames {
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
}

/**
 * Creates what shows names as a version of the API does: from 1.52, a digest that somebody pulled is among the tags, where
 * newer clients look for what keeps an image; before 1.43, an image without names has `<none>` for names.
 */
export async function shownNames(
  { images }: Pick<Store, 'images'>,
  version: ApiVersion,
): Promise<<T extends ShownNames>(image: T) => T> {
  const records = isFrom(version, 52) ? await images.listNames() : []
  const pinned = new Set(records.filter(({ isPinned }) => isPinned).map(({ name }) => familiarReference(name)))
  return (image) => {
    const { RepoTags, RepoDigests } = image
    if (RepoTags.length + RepoDigests.length > 0) {
      return { ...image, RepoTags: [...RepoTags, ...RepoDigests.filter((name) => pinned.has(name))] }
    }
    return isFrom(version, 43) ? image : { ...image, RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] }
  }
}
