import type { AbortOptions } from '@drayage/bytes'
import { isContentError, readBlob } from '@drayage/content'
import {
  decodeManifest,
  manifestKind,
  type DecodedManifest,
  type Descriptor,
  type ImageManifest,
  type Platform,
} from '@drayage/manifest'
import { chainIds } from '@drayage/digest'
import { tryParseReference } from '@drayage/reference'
import type { LocalStore } from '@drayage/runtime'

/** An image of the store. */
type Image = Awaited<ReturnType<LocalStore['images']['find']>>

/** One manifest of an image, in the shape of the Engine API. @see Docker Engine API v1.48, `ImageManifestSummary` */
export interface ManifestSummary {
  readonly ID: string
  readonly Descriptor: Descriptor
  /** Whether all of it is here. */
  readonly Available: boolean
  readonly Size: { readonly Content: number; readonly Total: number }
  readonly Kind: 'image' | 'attestation' | 'unknown'
  readonly ImageData?: {
    readonly Platform: Platform
    readonly Containers: readonly string[]
    readonly Size: { readonly Unpacked: number }
  }
  readonly AttestationData?: { readonly For: string }
}

/** What a name of an image stands for: the index that it was chosen from, else its manifest. */
export async function targetOf(store: LocalStore, image: Image, name: string): Promise<Descriptor> {
  const parsed = tryParseReference(name)
  if (parsed.ok && (await store.images.imageOf(parsed.value)) === image.id) {
    return await store.images.resolve(parsed.value)
  }
  return (await listTargets(store))(image)
}

/** Finds for each image what its names stand for; where there are several, what the first index is. */
export async function listTargets(store: LocalStore): Promise<(image: Pick<Image, 'id' | 'manifest'>) => Descriptor> {
  const indexes = new Map<string, Descriptor>()
  for (const { image, target } of await store.images.listNames()) {
    if (image === undefined || indexes.has(image) || manifestKind(target.mediaType) !== 'index') continue
    indexes.set(image, target)
  }
  return ({ id, manifest }) => indexes.get(id) ?? manifest
}

/** The manifests below `target`, also those whose content is not here; of images that are here with what they take. */
export async function imageManifests(
  store: LocalStore,
  target: Descriptor,
  options: AbortOptions,
): Promise<ManifestSummary[]> {
  if (manifestKind(target.mediaType) !== 'index') return [await summary(store, target, options)]
  const index = await readManifest(store, target, options)
  const summaries: ManifestSummary[] = []
  for (const each of index?.kind === 'index' ? index.value.manifests : []) {
    summaries.push(await summary(store, each, options))
  }
  return summaries
}

async function summary(store: LocalStore, what: Descriptor, options: AbortOptions): Promise<ManifestSummary> {
  const manifest = await readManifest(store, what, options)
  const parts = manifest?.kind === 'image' ? partsOf(manifest.value) : []
  const present: Descriptor[] = []
  for (const part of parts) if (await store.content.has(part, options)) present.push(part)
  const content = present.reduce((sum, { size }) => sum + size, manifest === undefined ? 0 : what.size)
  const id = await store.images.findImage(what, options)
  const image = id === undefined ? undefined : await store.images.get(id, options)
  const unpacked = image === undefined ? 0 : await unpackedSize(store, image, options)
  const about = attestedBy(what)
  const platform = image?.platform ?? what.platform
  return {
    ID: what.digest,
    Descriptor: what,
    Available: manifest !== undefined && present.length === parts.length,
    Size: { Content: content, Total: content + unpacked },
    Kind: about !== undefined ? 'attestation' : platform === undefined ? 'unknown' : 'image',
    ...(about === undefined && platform !== undefined
      ? { ImageData: { Platform: platform, Containers: [], Size: { Unpacked: unpacked } } }
      : {}),
    ...(about === undefined ? {} : { AttestationData: { For: about } }),
  }
}

function partsOf({ config, layers }: ImageManifest): readonly Descriptor[] {
  return [config, ...layers]
}

async function unpackedSize(
  store: LocalStore,
  image: NonNullable<Awaited<ReturnType<LocalStore['images']['get']>>>,
  options: AbortOptions,
): Promise<number> {
  const { value } = await store.images.readConfig(image, options)
  let bytes = 0
  for (const chainId of chainIds(value.rootfs?.diff_ids ?? [])) bytes += (await store.layers.get(chainId))?.size ?? 0
  return bytes
}

/** What a manifest of an index attests, by BuildKit's annotations. */
function attestedBy({ annotations }: Descriptor): string | undefined {
  if (annotations?.['vnd.docker.reference.type'] !== 'attestation-manifest') return undefined
  return annotations['vnd.docker.reference.digest']
}

/** A manifest of the store; `undefined` when it is not here. */
async function readManifest(
  store: LocalStore,
  what: Descriptor,
  options: AbortOptions,
): Promise<DecodedManifest | undefined> {
  try {
    return decodeManifest(await readBlob(store.content, what, options), what)
  } catch (error) {
    if (isContentError(error) && error.code === 'ERR_CONTENT_NOT_FOUND') return undefined
    throw error
  }
}
