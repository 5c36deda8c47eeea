import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { isImageStoreError, type FoundImages, type ImageFinder, type StoredImage } from '@drayage/image-store'
import { tryParseReference, type Repository } from '@drayage/reference'

/** What a user's text stands for. */
export interface LookedUp extends FoundImages {
  /** The repository whose names the text means by the digest of their target, where that is no name of its own. */
  readonly repository?: Repository
}

/**
 * What the store finds for a text. A repository with a digest, such as `app@sha256:...`, is also what names of the repository
 * stand for, by the digest of the target or of an image in it.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 */
export async function lookUp(
  { images }: { readonly images: ImageFinder },
  text: string,
  options: AbortOptions,
): Promise<LookedUp> {
  try {
    return await images.find(text, options)
  } catch (error) {
    const parsed = tryParseReference(text)
    if (!isMissing(error) || !parsed.ok || parsed.value.digest === undefined) throw error
    const { domain, path, digest } = parsed.value
    const named = (await holdersOf(images, digest, options)).filter(({ names }) =>
      names.some(({ name }) => name.domain === domain && name.path === path),
    )
    const own = named.find(({ target }) => target.digest === digest)
    if (own !== undefined) return { images: [own], digest, repository: { domain, path } }
    const [first, ...others] = named.filter(({ platforms }) =>
      platforms.some((each) => each.manifest.digest === digest),
    )
    if (first === undefined) throw error
    return { images: [first, ...others], digest }
  }
}

async function holdersOf(images: ImageFinder, digest: Digest, options: AbortOptions): Promise<readonly StoredImage[]> {
  try {
    return (await images.find(digest, options)).images
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return isImageStoreError(error) && error.code === 'ERR_IMAGE_NOT_FOUND'
}
