import process from 'node:process'

import { parsePlatform } from '@drayage/manifest'
import {
  buildImage,
  buildIndex,
  buildLayer,
  findPeer,
  randomBytes,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'

/** The `docker` command of version 29, which `go install` cannot build: its module has no go.mod. */
export const client = findPeer('docker29')
if (client === undefined) process.stderr.write('skipped: no docker29 on PATH, the docker CLI 29\n')

/** The two settings of `drayd` for which ID is shown. */
export const IMAGE_IDS = ['config', 'target'] as const

export const AMD64 = 'linux/amd64'
export const ARM64 = 'linux/arm64'
export const V7 = 'linux/arm/v7'

/** An index of three images that share a layer, each with an attestation, and one of an image alone. */
export interface Platforms {
  readonly index: TestIndex
  readonly amd64: TestImage
  readonly arm64: TestImage
  readonly v7Only: TestIndex
}

export async function buildPlatforms(): Promise<Platforms> {
  const base = await buildLayer([{ path: 'base', content: randomBytes('base', 50_000) }])
  const build = async (platform: string): Promise<TestImage> =>
    await buildImage({
      platform: parsePlatform(platform),
      layers: [base, [{ path: 'own', content: randomBytes(platform, 20_000) }]],
    })
  const [amd64, arm64, v7] = [await build(AMD64), await build(ARM64), await build(V7)]
  return { index: buildIndex([amd64, arm64, v7], { attested: true }), amd64, arm64, v7Only: buildIndex([v7]) }
}
