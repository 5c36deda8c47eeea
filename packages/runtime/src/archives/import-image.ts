import { randomUUID } from 'node:crypto'

import { observe, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { DETECT_BYTES, detectCompression, inflateRare, isRare } from '@drayage/compression'
import { isDoubtful, writeBlob } from '@drayage/content'
import { createHasher, digestOf, parseDigest, type Digest, type DiffId } from '@drayage/digest'
import { load, TransferError } from '@drayage/distribution'
import { NameRefusedError } from '@drayage/image-store'
import { LayerTarError, type LayerMeasurement } from '@drayage/layer-store'
import {
  encodeImageConfig,
  encodeManifest,
  MEDIA_TYPES,
  OCI_LAYER_TYPES,
  type Descriptor,
  type ImageConfig,
  type Platform,
} from '@drayage/manifest'
import { formatReference, parseReference, withDefaultTag, type Reference } from '@drayage/reference'

import type { ImageSettings, StoreAccess, TransferSettings } from '../runtime.ts'
import { applyChanges } from '../dockerfile/apply-changes.ts'
import type { Store } from '../store/store.ts'
import { openPullSink, type PullSink } from '../images/pull-store.ts'

/** Options of {@link importImage}. */
export interface ImportImageOptions extends AbortOptions {
  /** What the image is called, with a tag; `latest` when it has none. Without it the image has no name. */
  readonly name?: string | undefined
  /** Lines of a Dockerfile that make the config, such as `CMD ["/bin/sh"]`. */
  readonly changes?: readonly string[]
  /** The comment of the image's history. */
  readonly comment?: string | undefined
  /** What the image runs on; the platform of the runtime by default, for all CPUs of that kind. */
  readonly platform?: Platform
  /** Told how many bytes have come. */
  readonly onProgress?: (bytesSoFar: number) => void
  /** Milliseconds since 1970, the time at which the image was made; the system's clock by default. */
  readonly now?: () => number
}

/** An image that was imported. */
export interface ImportedImage {
  /** Its ID as users are shown it. */
  readonly image: Digest
  /** Its manifest, which its name stands for. */
  readonly target: Descriptor
  readonly name: Reference | undefined
}

/**
 * Makes an image of one layer from the tar of a file tree, plain or compressed with gzip or zstd, whose bytes are kept as
 * they come, or with bzip2 or xz, which is inflated: images have no media types for these.
 *
 * @throws ImageChangeError `ERR_IMAGE_CHANGE`
 * @throws NameRefusedError `ERR_NAME_REFUSED` for a name with a digest
 * @throws CompressedDataError `ERR_COMPRESSED_DATA` for damaged bzip2 and xz
 * @throws TransferError `ERR_TRANSFER` for bytes that are no tar
 */
export async function importImage(
  runtime: StoreAccess & TransferSettings & ImageSettings,
  source: ByteStream,
  options: ImportImageOptions = {},
): Promise<ImportedImage> {
  const { signal } = options
  const name = options.name === undefined ? undefined : withDefaultTag(parseReference(options.name))
  if (name?.digest !== undefined) {
    throw new NameRefusedError(formatReference(name), 'cannot import digest reference')
  }
  const config = applyChanges(options.changes ?? [])
  const store = await runtime.openStore()
  await using sink = openPullSink(store)
  const layer = await takeLayer(store, sink, source, options)
  const measured = await measure(store, layer, { signal })
  if (measured.fault !== undefined) {
    // Nobody says what these bytes should be, so that only their form can tell that they are wrong.
    const { found, offset } = measured.fault
    throw new TransferError('source', 'verify', 'the tar', new LayerTarError(found, offset))
  }
  const target = await writeImage(store, sink, layer, measured.diffId, {
    ...options,
    config,
    platform: options.platform ?? withoutLevel(runtime.platform),
  })
  await store.layers.discard(measured)
  const names = name === undefined ? [] : [name]
  const { manifest, image = manifest.digest } = await load(store.content, sink, { target, names }, { signal })
  await sink.complete()
  return { image: runtime.imageId === 'config' ? parseDigest(image) : target.digest, target, name }
}

/** Measures a layer that is here, and again when the thread was lost that did it: that says nothing of the bytes. */
async function measure(
  { content, layers }: Store,
  layer: Descriptor,
  options: AbortOptions,
): Promise<LayerMeasurement> {
  const once = (): Promise<LayerMeasurement> =>
    layers.measure(content.fetch(layer, { ...options, verify: false }), options)
  try {
    return await once()
  } catch (error) {
    if (!isDoubtful(error)) throw error
    return await once()
  }
}

/** A file tree says nothing of CPU levels; what this machine has of them must not keep the image from others. */
function withoutLevel(platform: Platform): Platform {
  const { variant, ...plain } = platform
  return variant === undefined || platform.architecture === 'arm' ? platform : plain
}

/** Takes the layer in as it comes; its digest is known at its end. */
async function takeLayer(
  store: Store,
  sink: PullSink,
  source: ByteStream,
  { signal, onProgress }: ImportImageOptions,
): Promise<Descriptor> {
  const hasher = createHasher()
  const prefix = new Uint8Array(DETECT_BYTES)
  let size = 0
  const counted = observe(source, (total) => onProgress?.(total))
  const watched = observe(inflateRare(counted, { signal }), (total, chunk) => {
    if (size < DETECT_BYTES) prefix.set(chunk.subarray(0, DETECT_BYTES - size), size)
    hasher.update(chunk)
    size = total
  })
  await using ingest = await store.content.begin(`import-${randomUUID()}`, { signal })
  try {
    await ingest.append(watched, { signal })
    const mediaType = layerTypeOf(prefix.subarray(0, Math.min(size, DETECT_BYTES)))
    const layer = { mediaType, digest: hasher.digest(), size }
    await sink.content.keep([layer], { signal })
    await ingest.commit(layer, { signal })
    return layer
  } catch (error) {
    await ingest.reset().catch(() => {})
    throw error
  }
}

function layerTypeOf(prefix: Uint8Array): string {
  const compression = detectCompression(prefix)
  // What inflates to another archive is no tar, which turns out when it is measured.
  return OCI_LAYER_TYPES[isRare(compression) ? 'none' : compression]
}

interface WriteImageOptions extends ImportImageOptions {
  readonly config: NonNullable<ImageConfig['config']>
  readonly platform: Platform
}

/** Writes config and manifest; resolves to the manifest. */
async function writeImage(
  store: Store,
  sink: PullSink,
  layer: Descriptor,
  diffId: DiffId,
  { config, platform, comment = '', now = Date.now, signal }: WriteImageOptions,
): Promise<Descriptor> {
  const created = new Date(now()).toISOString()
  const write = async (mediaType: string, bytes: Uint8Array): Promise<Descriptor> => {
    const what = { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
    await sink.content.keep([what], { signal })
    await writeBlob(store.content, what, bytes, { signal })
    return what
  }
  const described = await write(
    MEDIA_TYPES.ociConfig,
    encodeImageConfig({
      ...platform,
      created,
      config,
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, comment }],
    }),
  )
  const manifest = {
    schemaVersion: 2 as const,
    mediaType: MEDIA_TYPES.ociManifest,
    config: described,
    layers: [layer],
  }
  return await write(MEDIA_TYPES.ociManifest, encodeManifest(manifest))
}
