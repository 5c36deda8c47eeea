import type { Digest } from '@drayage/digest'
import { formatPlatform, parsePlatform } from '@drayage/manifest'
import { buildImage, buildIndex, buildLayer, randomBytes, type TestImage, type TestIndex } from '@drayage/testkit'

/** Platforms as the model names them. */
export const PLATFORMS: readonly string[] = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/s390x']

/** What a name stands for, and what of it belongs to which platform. */
export interface ModelImage {
  readonly content: TestIndex | TestImage
  readonly digest: Digest
  /** The digests of everything that comes with a platform, attestation included, beside the index itself. */
  readonly parts: ReadonlyMap<string, ReadonlySet<Digest>>
  /** The manifests that belong to a platform. */
  readonly manifests: ReadonlyMap<string, readonly Digest[]>
  /** The images by themselves, without their index. */
  readonly alone: ReadonlyMap<string, ModelImage>
}

/** Options of {@link buildModelImages}. */
export interface ModelImagesOptions {
  readonly count: number
  /** Whether images have layers, and some of them whole platforms, in common. */
  readonly isSharing: boolean
}

/** Images with two to four platforms each; half of them have attestations, as buildx makes them. */
export async function buildModelImages({ count, isSharing }: ModelImagesOptions): Promise<ModelImage[]> {
  const base = await buildLayer([{ path: 'base', content: randomBytes('base', 4000) }])
  const images: ModelImage[] = []
  let before: readonly TestImage[] = []
  for (let at = 0; at < count; at++) {
    const names = PLATFORMS.slice(0, 2 + (at % 3))
    const built: TestImage[] = []
    for (const name of names) {
      const own = [{ path: 'own', content: randomBytes(`${at} ${name}`, 1500) }]
      const layers = isSharing ? [base, own] : [own]
      built.push(await buildImage({ platform: parsePlatform(name), layers, config: { author: `${at}` } }))
    }
    // An index that has the first image of the one before it.
    const [first] = before
    if (isSharing && at % 4 === 3 && first !== undefined) built[0] = first
    before = built
    images.push(modelImage(buildIndex(built, { attested: at % 2 === 0 })))
  }
  return images
}

function modelImage(index: TestIndex): ModelImage {
  const parts = new Map<string, ReadonlySet<Digest>>()
  const manifests = new Map<string, readonly Digest[]>()
  const alone = new Map<string, ModelImage>()
  const all = index.images.filter((each): each is TestImage => 'platform' in each)
  const images = all.filter(({ platform }) => platform.os !== 'unknown')
  for (const [at, image] of images.entries()) {
    const attestation = all[images.length + at]
    const company = [image, ...(attestation === undefined ? [] : [attestation])]
    const platform = formatPlatform(image.platform)
    parts.set(platform, new Set(company.flatMap(({ blobs }) => [...blobs.keys()])))
    manifests.set(
      platform,
      company.map(({ manifest }) => manifest.digest),
    )
    alone.set(platform, imageAlone(image))
  }
  return { content: index, digest: index.manifest.digest, parts, manifests, alone }
}

function imageAlone(image: TestImage): ModelImage {
  const platform = formatPlatform(image.platform)
  const { digest } = image.manifest
  const own: ModelImage = {
    content: image,
    digest,
    parts: new Map([[platform, new Set(image.blobs.keys())]]),
    manifests: new Map([[platform, [digest]]]),
    alone: new Map(),
  }
  return { ...own, alone: new Map([[platform, own]]) }
}
