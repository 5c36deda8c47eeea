import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import {
  isDistributionError,
  isUnknownContent,
  NotAnImageError,
  PlatformNotFoundError,
  type DistributionError,
} from '@drayage/distribution'
import type { PlatformImage, StoredImage } from '@drayage/image-store'
import { isManifestError, manifestKind, matchesPlatform, type ManifestError, type Platform } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

import type { Store } from '../store/store.ts'
import { becomeImage } from './become-image.ts'
import { imageManifests } from './image-manifests.ts'
import { lookUp } from './look-up.ts'
import { exactFor, selectedOf, shownId, showImage, type ImageView, type ShownImage } from './shown-image.ts'

const HINT = 'Copy it as it is from `store:`, or remove its name.'

/** Options of {@link findStored} and {@link findStoredImage}. */
export interface FindStoredOptions extends AbortOptions {
  /** Which image of several is meant, exactly; without it the best for the runtime's platform, else the first one. */
  readonly platform?: Platform | undefined
}

/** What a user's text stands for. */
export interface FoundStored {
  /** With all its names. */
  readonly image: ShownImage
  /** What the text stands for: that which the name or the digest is of. */
  readonly stored: StoredImage
  /** The name that the text is; `undefined` for a digest or the start of one. */
  readonly name: Reference | undefined
  /** The repository whose tags the text means by their digest, where that is no name of its own. */
  readonly repository: Repository | undefined
  /** The one image of an index whose own digest the text is, where that is not the ID of the whole. */
  readonly part: PlatformImage | undefined
  /** The image that is meant: that with the digest, else that for the platform; none where none is here whole. */
  readonly platform: PlatformImage | undefined
}

/** An image that a user's text stands for. */
export interface FoundImage extends FoundStored {
  readonly platform: PlatformImage
}

/**
 * What a user's text stands for: a name, a digest of a target, a manifest or a config, or the start of one. It may be an
 * artifact.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 */
export async function findStored(
  view: ImageView,
  store: Pick<Store, 'images'>,
  text: string,
  { platform, signal }: FindStoredOptions = {},
): Promise<FoundStored> {
  const { images: found, name, digest, repository } = await lookUp(store, text, { signal })
  const stored = found.find((each) => shownId(view, each) === digest) ?? showImage(view, found).stored[0]
  const id = shownId(view, stored)
  // The other targets with this image have names of it too.
  const selected = selectedOf(view, stored)
  const company = view.imageId === 'target' || selected === undefined ? [] : await sharing(store, selected, { signal })
  const group = [stored, ...company.filter(({ target }) => target.digest !== stored.target.digest)]
  const own = digest === undefined ? undefined : stored.platforms.find((each) => isCalled(each, digest))
  return {
    image: showImage(
      view,
      group.filter((each) => shownId(view, each) === id),
    ),
    stored,
    name: name?.name,
    repository,
    part: digest === id || digest === stored.target.digest ? undefined : own,
    platform:
      platform === undefined ? (own ?? selected) : exactFor(platform, own === undefined ? stored.platforms : [own]),
  }
}

/** What is meant as a whole: all that was found, or the one image of an index whose own digest was asked for. */
export function meantBy({ stored, part }: FoundStored): StoredImage {
  return part === undefined ? stored : { ...stored, target: part.manifest, platforms: [part] }
}

/**
 * The image that a user's text stands for. What is here with all its content without being an image, such as another
 * platform of what was pushed, becomes one now, if it can.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for something else; it says what that is
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND` where no image for the platform is here
 */
export async function findStoredImage(
  view: ImageView,
  store: Store,
  text: string,
  options: FindStoredOptions = {},
): Promise<FoundImage> {
  const found = await findStored(view, store, text, options)
  if (found.platform !== undefined) return { ...found, platform: found.platform }
  await makeImage(view, store, text, found, options)
  const { platform, ...again } = await findStored(view, store, text, options)
  if (platform !== undefined) return { ...again, platform }
  throw missingPlatform(text, again.stored, options.platform ?? view.platform)
}

/** The failure of a platform that is not here. */
export function missingPlatform(text: string, stored: StoredImage, wanted: Platform): PlatformNotFoundError {
  return new PlatformNotFoundError(
    text,
    wanted,
    stored.platforms.map(({ platform }) => platform),
  )
}

async function makeImage(
  view: ImageView,
  store: Store,
  text: string,
  { stored }: FoundStored,
  { platform: wanted, signal }: FindStoredOptions,
): Promise<void> {
  const platform = wanted ?? (await platformHere(view, store, stored, { signal }))
  try {
    const names = stored.names.map(({ name }) => name)
    await becomeImage(store, { target: stored.target, names: names.slice(0, 1), platform }, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (!isDistributionError(error) && !isManifestError(error)) throw error
    const isIndex = manifestKind(stored.target.mediaType) === 'index'
    const isMissing = error.code === 'ERR_PLATFORM_NOT_FOUND' || (isIndex && isUnknownContent(error))
    if (isMissing) throw missingPlatform(text, stored, platform)
    throw new NotAnImageError(text, whatIs(error), { hint: HINT, cause: error })
  }
}

/** The platform of the view, or that of an image that is here with all its content where none is for it. */
async function platformHere(
  { platform }: ImageView,
  store: Store,
  { target }: StoredImage,
  options: AbortOptions,
): Promise<Platform> {
  const manifests = await imageManifests(store, target, options)
  const here = manifests.flatMap((each) => (each.isAvailable && each.platform !== undefined ? [each.platform] : []))
  return here.some((each) => matchesPlatform(each, platform)) ? platform : (here[0] ?? platform)
}

function whatIs(error: DistributionError | ManifestError): string {
  switch (error.code) {
    case 'ERR_NOT_AN_IMAGE':
      return error.found
    case 'ERR_CONFIG_UNSUPPORTED':
    case 'ERR_LAYER_UNSUPPORTED':
      return error.mediaType
    default:
      return `what is no image: ${error.message}`
  }
}

/** Whether an image is meant by a digest: of its manifest or of its config. */
function isCalled({ manifest, config }: PlatformImage, digest: Digest): boolean {
  return manifest.digest === digest || config.digest === digest
}

/** All that holds the image with this config. */
async function sharing(
  { images }: Pick<Store, 'images'>,
  { config }: PlatformImage,
  options: AbortOptions,
): Promise<readonly StoredImage[]> {
  return (await images.find(config.digest, options)).images
}
