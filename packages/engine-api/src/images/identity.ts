import type { AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'
import { formatRepository } from '@drayage/reference'
import type { Store } from '@drayage/runtime'

/**
 * Where an image is known to come from. Signatures are not verified and nothing is built here, so that these are never
 * told. @see Docker Engine API v1.57, `Identity`
 */
export interface Identity {
  readonly Pull: readonly { readonly Repository: string }[]
}

/** The repositories that an image was pulled from or pushed to; `undefined` when none is known. */
export async function identityOf(
  { images }: Pick<Store, 'images'>,
  { digest }: Pick<Descriptor, 'digest'>,
  options: AbortOptions = {},
): Promise<Identity | undefined> {
  const repositories = new Set((await images.sourcesOf(digest, options)).map((source) => formatRepository(source)))
  return repositories.size === 0 ? undefined : { Pull: [...repositories].map((Repository) => ({ Repository })) }
}
