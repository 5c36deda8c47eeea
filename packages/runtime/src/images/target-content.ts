import type { AbortOptions } from '@drayage/bytes'
import { readBlob, type Checker, type Fetcher } from '@drayage/content'
import { DEFAULT_RETRY_POLICY, listContent } from '@drayage/distribution'
import type { StoredImage } from '@drayage/image-store'
import {
  attestedBy,
  decodeManifest,
  type Descriptor,
  isManifestError,
  manifestKind,
  type Platform,
} from '@drayage/manifest'

import { readPlatform } from './read-platform.ts'

/** A manifest of what a name stands for: an image, an attestation, or something else. */
export interface TargetEntry {
  /** As the index describes it. */
  readonly manifest: Descriptor
  /** What it runs on; `undefined` for what is no image, or is not here and not said to be one. */
  readonly platform: Platform | undefined
  /** Whether it is here with all that it needs, verified as an image or not. */
  readonly isHere: boolean
}

/**
 * What a target lists, in its order, and what of it is here: of an index all images and attestations, also of indexes within
 * it; of anything else the one entry.
 */
export async function readTarget(
  content: Fetcher & Checker,
  { target, platforms }: Pick<StoredImage, 'target' | 'platforms'>,
  name: string,
  { signal }: AbortOptions,
): Promise<readonly TargetEntry[]> {
  const reading = { name, retry: DEFAULT_RETRY_POLICY, onEvent: (): void => {}, signal }
  const known = new Map<string, Platform>(platforms.map(({ manifest, platform }) => [manifest.digest, platform]))
  const entries: TargetEntry[] = []
  for (const { manifest, isThere: isHere } of await listContent(content, target, reading)) {
    const said = saidPlatform(manifest) ?? known.get(manifest.digest)
    const platform = said ?? (isHere ? await ownPlatform(content, manifest, { signal }) : undefined)
    entries.push({ manifest, platform: attestedBy(manifest) === undefined ? platform : undefined, isHere })
  }
  return entries
}

/** An image that is here. */
export interface ImageEntry extends TargetEntry {
  readonly platform: Platform
}

/** The images that are here. */
export function imagesHere(entries: readonly TargetEntry[]): ImageEntry[] {
  return entries.flatMap(({ platform, ...entry }) =>
    entry.isHere && platform !== undefined ? [{ ...entry, platform }] : [],
  )
}

/** Images, and what of the index is about them. */
export function withAttestations(
  entries: readonly TargetEntry[],
  images: readonly TargetEntry[],
): readonly TargetEntry[] {
  const chosen = new Set(images.map(({ manifest }) => manifest.digest))
  const isAbout = ({ manifest, isHere }: TargetEntry): boolean => {
    const attested = attestedBy(manifest)
    return isHere && attested !== undefined && chosen.has(attested)
  }
  return entries.filter((entry) => chosen.has(entry.manifest.digest) || isAbout(entry))
}

function saidPlatform({ platform }: Descriptor): Platform | undefined {
  return platform === undefined || platform.os === 'unknown' || platform.os === '' ? undefined : platform
}

/** What an image runs on by its own config, where that says so. */
async function ownPlatform(
  content: Fetcher,
  manifest: Descriptor,
  { signal }: AbortOptions,
): Promise<Platform | undefined> {
  if (manifestKind(manifest.mediaType) !== 'image') return undefined
  const decoded = decodeManifest(await readBlob(content, manifest, { signal }), manifest)
  try {
    const platform = await readPlatform(content, decoded, { signal })
    return platform?.os === 'unknown' ? undefined : platform
  } catch (error) {
    // Content that is no image goes as it is.
    if (isManifestError(error)) return undefined
    throw error
  }
}
