import type { AbortOptions } from '@drayage/bytes'
import { type Checker, type Fetcher, isContentError, type Lister, readBlob } from '@drayage/content'
import { isDigestError, parseImageId, type Digest } from '@drayage/digest'
import {
  children,
  decodeImageConfig,
  decodeManifest,
  isLayerType,
  isManifestError,
  MAX_MANIFEST_BYTES,
  platformOf,
  type DecodedManifest,
  type Descriptor,
} from '@drayage/manifest'

import { contentDigest } from '../images/content-row.ts'
import type { ImageStore } from '../image-ports.ts'
import type { NewContent, OtherContent, PlatformImage } from '../stored-image.ts'
import type { ContentRow } from '../tables.ts'

/** What {@link recoverImages} works on. */
export interface RecoverOptions extends AbortOptions {
  readonly content: Fetcher & Checker & Lister
  readonly images: Pick<ImageStore, 'list' | 'put'>
}

/**
 * Brings back, without names, the images that are whole among the blobs and that nothing else tells of; resolves to how many
 * targets came. An image of an index that is here comes with it. What cannot be read is passed over.
 */
export async function recoverImages({ content, images, signal }: RecoverOptions): Promise<number> {
  const known = new Set<Digest>()
  for (const { target, platforms, others } of await images.list({ signal })) {
    known.add(target.digest)
    for (const { manifest } of [...platforms, ...others]) known.add(manifest.digest)
  }
  const manifests = await findManifests(content, known, { signal })
  const rows = new Map<Digest, ContentRow>()
  for (const manifest of manifests) {
    const row = manifest.kind === 'image' ? await rowOf(content, manifest, { signal }) : undefined
    if (row !== undefined) rows.set(contentDigest(row), row)
  }
  const targets: [Descriptor, NewContent][] = []
  const inIndex = new Set<Digest>()
  for (const manifest of manifests) {
    if (manifest.kind !== 'index') continue
    const held = children(manifest).flatMap(({ digest }) => rows.get(digest) ?? [])
    if (!held.some(({ kind }) => kind === 'image')) continue
    for (const row of held) inIndex.add(contentDigest(row))
    targets.push([manifest.descriptor, contentOf(held)])
  }
  for (const [digest, row] of rows) {
    if (row.kind === 'image' && !inIndex.has(digest)) targets.push([row.image.manifest, contentOf([row])])
  }
  for (const [target, added] of targets) await images.put(target, added, { signal })
  return targets.length
}

/** The manifests among the blobs, except those that are known. */
async function findManifests(
  content: Fetcher & Lister,
  known: ReadonlySet<Digest>,
  options: AbortOptions,
): Promise<DecodedManifest[]> {
  const found: DecodedManifest[] = []
  for await (const { digest, size } of content.list(options)) {
    if (size > MAX_MANIFEST_BYTES || known.has(digest)) continue
    const bytes = await unlessUnreadable(readBlob(content, { digest, size, mediaType: ANY }, options))
    // A document; most other blobs are compressed.
    if (bytes === undefined || bytes[0] !== BRACE) continue
    const manifest = await unlessUnreadable(Promise.resolve().then(() => decodeManifest(bytes, { digest })))
    if (manifest !== undefined) found.push(manifest)
  }
  return found
}

const ANY = 'application/octet-stream'
const BRACE = 0x7b

/** An image that is whole, or what else has a manifest of that form. */
async function rowOf(
  content: Fetcher & Checker,
  { value, descriptor }: DecodedManifest & { readonly kind: 'image' },
  options: AbortOptions,
): Promise<ContentRow | undefined> {
  for (const part of [value.config, ...value.layers]) if (!(await content.has(part, options))) return undefined
  const config = await unlessUnreadable(
    readBlob(content, value.config, options).then((bytes) =>
      decodeImageConfig(bytes, { ...value.config, anyCase: true }),
    ),
  )
  const { layers } = value
  const isImage = config?.value.rootfs?.diff_ids?.length === layers.length && layers.every(isLayer)
  if (config === undefined || !isImage) {
    const other: OtherContent = { manifest: descriptor, parts: [value.config, ...layers] }
    return { kind: 'other', other }
  }
  const { created } = config.value
  const image: PlatformImage = {
    id: parseImageId(config.descriptor.digest),
    manifest: descriptor,
    config: value.config,
    platform: platformOf(config.value) ?? { os: 'linux', architecture: 'unknown' },
    ...(created !== undefined && { created }),
    size: layers.reduce((sum, { size }) => sum + size, 0),
    layers,
  }
  return { kind: 'image', image }
}

function isLayer({ mediaType }: Descriptor): boolean {
  return isLayerType(mediaType)
}

function contentOf(rows: readonly ContentRow[]): NewContent {
  return {
    platforms: rows.flatMap((row) => (row.kind === 'image' ? [row.image] : [])),
    others: rows.flatMap((row) => (row.kind === 'other' ? [row.other] : [])),
  }
}

async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (isContentError(error) || isDigestError(error) || isManifestError(error)) return undefined
    throw error
  }
}
