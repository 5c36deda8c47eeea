import { formatPlatform, parsePlatform, type Platform } from '@drayage/manifest'
import { buildImage, buildIndex, buildLayer, randomBytes, type TestImage, type TestIndex } from '@drayage/testkit'

export const AMD64: Platform = parsePlatform('linux/amd64')
export const ARM64: Platform = parsePlatform('linux/arm64')
export const ARM_V7: Platform = parsePlatform('linux/arm/v7')

/** An index of images for linux/amd64, linux/arm64 and linux/arm/v7 that share a layer, each with an attestation. */
export async function buildThreePlatforms(): Promise<{
  readonly images: readonly TestImage[]
  readonly index: TestIndex
}> {
  const base = await buildLayer([{ path: 'base', content: randomBytes('base', 5000) }])
  const config = { created: '2024-01-01T00:00:00Z' }
  const images: TestImage[] = []
  for (const platform of [AMD64, ARM64, ARM_V7]) {
    images.push(
      await buildImage({ platform, layers: [base, [{ path: 'own', content: formatPlatform(platform) }]], config }),
    )
  }
  return { images, index: buildIndex(images, { attested: true }) }
}
