import type { Descriptor } from './descriptor.ts'
import type { ImageIndex } from './image-index.ts'
import { createPlatformRank } from './match-platform.ts'
import { normalizePlatform } from './normalize-platform.ts'
import { formatPlatform } from './parse-platform.ts'
import type { Platform } from './platform.ts'

/**
 * The manifests of an index that run on `wanted`, best first; equally good ones in the order of the index. One without
 * platform fits always and comes last; one for `unknown/unknown`, such as an attestation, never fits. When nothing fits an
 * arm CPU, those for any arm do.
 */
export function selectManifests(index: ImageIndex, wanted: Platform): Descriptor[] {
  const rank = createPlatformRank(wanted)
  const hits = index.manifests.flatMap((manifest) => {
    if (manifest.platform === undefined) return [{ manifest, cpu: Number.MAX_SAFE_INTEGER, build: 0 }]
    const ranked = rank(manifest.platform)
    return ranked === undefined ? [] : [{ manifest, cpu: ranked[0], build: ranked[1] }]
  })
  if (hits.length === 0) return anyArm(index, normalizePlatform(wanted))
  return hits.sort((a, b) => a.cpu - b.cpu || a.build - b.build).map((hit) => hit.manifest)
}

/** The platforms that the manifests of an index name, each once, in its order; not `unknown/unknown`. */
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

function anyArm(index: ImageIndex, wanted: Platform): Descriptor[] {
  if (wanted.architecture !== 'arm') return []
  return index.manifests.filter(({ platform }) => {
    if (platform === undefined) return false
    const { os, architecture } = normalizePlatform(platform)
    return os === wanted.os && architecture === 'arm'
  })
}
