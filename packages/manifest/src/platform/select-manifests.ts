import type { Descriptor } from '../descriptor.ts'
import type { ImageIndex } from '../manifests/image-index.ts'
import { createPlatformRank } from './match-platform.ts'
import { normalizePlatform } from './platform.ts'
import { formatPlatform } from './parse-platform.ts'
import type { Platform } from './platform.ts'

/**
 * The manifests of an index that run on `wanted`, best first and otherwise in the order of the index. One without platform
 * always fits and comes last; one for `unknown/unknown`, such as an attestation, never fits.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { digestOf } from '@drayage/digest'
 * import { MEDIA_TYPES, parsePlatform, selectManifests } from '@drayage/manifest'
 *
 * const manifests = ['linux/amd64', 'linux/arm64'].map((platform) => ({
 *   mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(platform), size: 500, platform: parsePlatform(platform),
 * }))
 * const index = { schemaVersion: 2, manifests } as const
 * assert.deepEqual(selectManifests(index, parsePlatform('linux/aarch64')), [manifests[1]])
 * ```
 */
export function selectManifests(index: ImageIndex, wanted: Platform): Descriptor[] {
  const rank = createPlatformRank(wanted)
  const hits = index.manifests.flatMap((manifest) => {
    if (manifest.platform === undefined) return [{ manifest, cpu: Number.MAX_SAFE_INTEGER, build: 0 }]
    const ranked = rank(manifest.platform)
    return ranked === undefined ? [] : [{ manifest, cpu: ranked[0], build: ranked[1] }]
  })
  return hits.sort((a, b) => a.cpu - b.cpu || a.build - b.build).map((hit) => hit.manifest)
}

/** The platforms of the manifests of an index, without repetition, in its order; `unknown/unknown` is left out. */
export function availablePlatforms(index: ImageIndex): Platform[] {
  const platforms = new Map<string, Platform>()
  for (const { platform } of index.manifests) {
    if (platform === undefined) continue
    const normal = normalizePlatform(platform)
    const name = formatPlatform(normal)
    if (normal.os !== 'unknown' && !platforms.has(name)) platforms.set(name, normal)
  }
  return [...platforms.values()]
}
