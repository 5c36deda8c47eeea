import type { AbortOptions } from '@drayage/bytes'
import { DEFAULT_MAX_WALK_DEPTH, readBlob } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { PlatformImage } from '@drayage/image-store'
import {
  attestedBy,
  children,
  type DecodedManifest,
  decodeManifest,
  type Descriptor,
  isImageManifest,
  manifestKind,
  type Platform,
} from '@drayage/manifest'

import type { Store } from '../store/store.ts'
import { readPlatform } from './read-platform.ts'

/** A manifest of what a name stands for; its content may be here or not. */
export interface ContainedManifest {
  /** As the index lists it. */
  readonly descriptor: Descriptor
  /** `unknown` is an artifact, or what an index does not say the platform of. */
  readonly kind: 'image' | 'attestation' | 'unknown'
  /** Whether all its content is here. */
  readonly isAvailable: boolean
  /** What of it is here: the manifest, and its config and layers, each once. */
  readonly content: readonly Descriptor[]
  /** Of an image: as the index says, else as its config does. */
  readonly platform?: Platform
  /** Of an attestation: the manifest that it is about. */
  readonly about?: Digest
}

/**
 * The manifests that a name stands for: one, or those of its index and of the indexes in it, in their order. Nothing is
 * fetched; what cannot be read counts as not here.
 */
export async function imageManifests(
  store: Pick<Store, 'content' | 'images'>,
  target: Descriptor,
  options: AbortOptions = {},
): Promise<ContainedManifest[]> {
  const met = new Set<Digest>()
  const listed = async (what: Descriptor, depth: number): Promise<ContainedManifest[]> => {
    const isIndex = manifestKind(what.mediaType) === 'index'
    // An image may be listed for several platforms; an index that is listed again says nothing new.
    if (isIndex && (met.has(what.digest) || depth > DEFAULT_MAX_WALK_DEPTH)) return []
    const manifest = await readManifest(store, what, options)
    if (!isIndex) return [await contained(store, what, manifest, options)]
    met.add(what.digest)
    const found: ContainedManifest[] = []
    for (const child of manifest === undefined ? [] : children(manifest))
      found.push(...(await listed(child, depth + 1)))
    return found
  }
  return await listed(target, 0)
}

/** The bytes of content as it is stored, each piece counted once. */
export function bytesOnce(content: Iterable<Pick<Descriptor, 'digest' | 'size'>>): number {
  const sizes = new Map<Digest, number>()
  for (const { digest, size } of content) sizes.set(digest, size)
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

async function contained(
  store: Pick<Store, 'content' | 'images'>,
  descriptor: Descriptor,
  manifest: DecodedManifest | undefined,
  options: AbortOptions,
): Promise<ContainedManifest> {
  const image = await store.images.findImage(descriptor, options)
  const parts = manifest === undefined ? [] : partsOf(manifest, image)
  const content = new Map<Digest, Descriptor>(manifest === undefined ? [] : [[descriptor.digest, descriptor]])
  for (const part of parts) if (await store.content.has(part, options)) content.set(part.digest, part)
  const about = attestedBy(descriptor)
  const kind = about === undefined ? kindOf(descriptor, manifest, image) : 'attestation'
  const platform = kind === 'image' ? await platformFor(store, descriptor, { manifest, image }, options) : undefined
  return {
    descriptor,
    kind,
    isAvailable: manifest !== undefined && parts.every(({ digest }) => content.has(digest)),
    content: [...content.values()],
    ...(platform === undefined ? {} : { platform }),
    ...(about === undefined ? {} : { about }),
  }
}

/** What a manifest needs. Schema 1 lists nothing: its image has a config and layers all the same. */
function partsOf(manifest: DecodedManifest, image: PlatformImage | undefined): readonly Descriptor[] {
  if (manifest.kind !== 'schema1' || image === undefined) return children(manifest)
  return [image.config, ...image.layers]
}

function kindOf(
  { platform }: Descriptor,
  manifest: DecodedManifest | undefined,
  image: PlatformImage | undefined,
): 'image' | 'unknown' {
  if (image !== undefined) return 'image'
  if (platform?.os === 'unknown') return 'unknown'
  return (manifest === undefined ? platform !== undefined : isOfImage(manifest)) ? 'image' : 'unknown'
}

function isOfImage(manifest: DecodedManifest): boolean {
  return manifest.kind === 'image' ? isImageManifest(manifest.value) : manifest.kind === 'schema1'
}

interface KnownImage {
  readonly manifest: DecodedManifest | undefined
  readonly image: PlatformImage | undefined
}

async function platformFor(
  { content }: Pick<Store, 'content'>,
  { platform }: Descriptor,
  { manifest, image }: KnownImage,
  { signal }: AbortOptions,
): Promise<Platform | undefined> {
  const known = platform ?? image?.platform
  if (known !== undefined || manifest === undefined) return known
  try {
    return await readPlatform(content, manifest, { signal })
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

async function readManifest(
  { content }: Pick<Store, 'content'>,
  what: Descriptor,
  { signal }: AbortOptions,
): Promise<DecodedManifest | undefined> {
  try {
    return decodeManifest(await readBlob(content, what, { signal }), what)
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}
