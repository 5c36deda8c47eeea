import type { AbortOptions } from '@drayage/bytes'
import { type BlobSizer, type Checker, DEFAULT_MAX_WALK_DEPTH, type Fetcher, isContentError } from '@drayage/content'
import type { OtherContent } from '@drayage/image-store'
import {
  children,
  type DecodedManifest,
  type Descriptor,
  manifestKind,
  MEDIA_TYPES,
  signedBytesOf,
} from '@drayage/manifest'

import { readStoredManifest } from './read-stored-manifest.ts'

/** Where {@link heldContent} looks. */
export type HeldSource = Fetcher & Checker & BlobSizer

/** Options of {@link heldContent}. */
export interface HeldContentOptions extends AbortOptions {
  /** Called with what is about to be looked for, so that it stays where it is here. */
  readonly keep?: (what: readonly Pick<Descriptor, 'digest'>[]) => Promise<void>
}

/**
 * All that is here of what was pushed: its own manifest and those in it, each with the parts that are here. What is missing,
 * as from a sparse index, is left out; what cannot be read counts as bytes.
 */
export async function heldContent(
  source: HeldSource,
  target: Descriptor,
  options: HeldContentOptions = {},
): Promise<OtherContent[]> {
  const { keep = async () => {} } = options
  const found = new Map<string, OtherContent>()
  const visit = async (what: Descriptor, depth: number): Promise<void> => {
    if (found.has(what.digest) || depth > DEFAULT_MAX_WALK_DEPTH) return
    await keep([what, signedBytesOf(what) ?? []].flat())
    if (!(await source.has(what, options))) return
    const manifest = await readStoredManifest(source, what, options)
    const parts = manifest === undefined ? [] : await partsHere(source, manifest, options)
    found.set(what.digest, { manifest: what, parts: parts.filter(({ mediaType }) => !isManifest(mediaType)) })
    for (const part of parts) if (isManifest(part.mediaType)) await visit(part, depth + 1)
  }
  await visit(target, 0)
  return [...found.values()].filter(
    // What the names of an index stand for is kept by them.
    ({ manifest, parts }) => manifest.digest !== target.digest || parts.length > 0,
  )
}

/** What a manifest refers to, as far as it is here. */
async function partsHere(
  source: HeldSource,
  manifest: DecodedManifest,
  options: HeldContentOptions,
): Promise<Descriptor[]> {
  const digests =
    manifest.kind === 'schema1'
      ? manifest.value.fsLayers.map(({ blobSum: digest }) => ({ digest }))
      : children(manifest)
  await options.keep?.(digests)
  const listed = manifest.kind === 'schema1' ? await schema1Layers(source, manifest, options) : children(manifest)
  const here = new Map<string, Descriptor>()
  for (const part of listed) if (await source.has(part, options)) here.set(part.digest, part)
  return [...here.values()]
}

/** The layers of schema 1, which does not say how large they are. */
async function schema1Layers(
  source: HeldSource,
  { value }: DecodedManifest & { readonly kind: 'schema1' },
  options: AbortOptions,
): Promise<Descriptor[]> {
  const layers: Descriptor[] = []
  for (const { blobSum } of value.fsLayers) {
    const blob = { mediaType: MEDIA_TYPES.dockerLayerGzip, digest: blobSum }
    try {
      layers.push({ ...blob, size: await source.sizeOf(blob, options) })
    } catch (error) {
      if (!isContentError(error) || error.code !== 'ERR_CONTENT_NOT_FOUND') throw error
    }
  }
  return layers
}

function isManifest(mediaType: string): boolean {
  return manifestKind(mediaType) !== undefined
}
