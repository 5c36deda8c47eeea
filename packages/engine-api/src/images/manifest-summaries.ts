import type { AbortOptions } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Descriptor, Platform } from '@drayage/manifest'
import { bytesOnce, imageManifests, type ContainedManifest, type Store } from '@drayage/runtime'

import { identityOf, type Identity } from './identity.ts'

/** One manifest of an image, in the shape of the Engine API. @see Docker Engine API v1.57, `ImageManifestSummary` */
export interface ManifestSummary {
  readonly ID: string
  readonly Descriptor: Descriptor
  /** Whether all its content is in the store. */
  readonly Available: boolean
  /** Nothing is unpacked here, so that the total is the content. */
  readonly Size: { readonly Content: number; readonly Total: number }
  readonly Kind: 'image' | 'attestation' | 'unknown'
  readonly ImageData?: {
    /** Without members where neither the index nor a config says it. */
    readonly Platform: Partial<Platform>
    readonly Identity?: Identity
    readonly Size: { readonly Unpacked: number }
    readonly Containers: readonly string[]
  }
  readonly AttestationData?: { readonly For: Digest }
}

/** Options of {@link manifestSummaries}. */
export interface ManifestSummaryOptions extends AbortOptions {
  /** Whether images say where they were pulled from; `false` by default. */
  readonly identity?: boolean
}

/** The manifests that targets have, each once, in their order. */
export async function manifestSummaries(
  store: Store,
  targets: readonly Descriptor[],
  { identity = false, signal }: ManifestSummaryOptions = {},
): Promise<ManifestSummary[]> {
  const summaries = new Map<string, ManifestSummary>()
  for (const target of targets) {
    const origin = identity ? await identityOf(store, target, { signal }) : undefined
    for (const manifest of await imageManifests(store, target, { signal })) {
      const key = JSON.stringify([manifest.descriptor.digest, manifest.platform])
      if (!summaries.has(key)) summaries.set(key, summaryOf(manifest, origin))
    }
  }
  return [...summaries.values()]
}

function summaryOf(
  { descriptor, kind, isAvailable, content, platform, about }: ContainedManifest,
  origin: Identity | undefined,
): ManifestSummary {
  const bytes = bytesOnce(content)
  const image = {
    Platform: platform ?? {},
    ...(origin === undefined || !isAvailable ? {} : { Identity: origin }),
    Size: { Unpacked: 0 },
    Containers: [],
  }
  return {
    ID: descriptor.digest,
    Descriptor: descriptor,
    Available: isAvailable,
    Size: { Content: bytes, Total: bytes },
    Kind: kind,
    ...(kind === 'image' ? { ImageData: image } : {}),
    ...(about === undefined ? {} : { AttestationData: { For: about } }),
  }
}
