import { createDockerArchiveWriter, type ArchiveLayer, type ArchiveOutput } from '@drayage/archive'
import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { createInflater, type Inflater } from '@drayage/compression'
import { readBlob, type Fetcher } from '@drayage/content'
import { digestAlgorithm, DigestMismatchError, type DiffId } from '@drayage/digest'
import {
  DEFAULT_RETRY_POLICY,
  fetchStream,
  MAX_CONFIG_BYTES,
  NotAnImageError,
  pickImage,
  type LayerState,
} from '@drayage/distribution'
import {
  checkLayerCount,
  decodeImageConfig,
  decodeManifest,
  requireImageConfig,
  type Descriptor,
} from '@drayage/manifest'
import { familiarReference, formatReference, type Reference } from '@drayage/reference'

import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'
import { gzipSizeHint } from './gzip-size-hint.ts'
import type { CopySource } from './open-copy-source.ts'

/** An image that goes into a docker-archive, and its names there. */
export interface NamedSource {
  readonly source: CopySource
  readonly names: readonly Reference[]
}

/**
 * Writes images as one docker-archive, whose layers are uncompressed; layers that they share are read once. The archive is
 * begun once all images are known.
 *
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export async function writeDockerArchive(
  runtime: Runtime,
  images: readonly NamedSource[],
  openOutput: () => Promise<ArchiveOutput>,
  options: CopyImageOptions,
): Promise<Descriptor[]> {
  const { signal } = options
  const chosen: ChosenImage[] = []
  for (const { source } of images) chosen.push(await chooseImage(runtime, source, options))
  await using inflater = createInflater()
  await using writer = createDockerArchiveWriter(await openOutput())
  for (const [at, image] of chosen.entries()) {
    const repoTags = (images[at]?.names ?? []).map(familiarReference)
    await writer.add(
      { config: image.config, repoTags, layers: await layersOf(runtime, inflater, image, options) },
      { signal },
    )
  }
  await writer.finish({ signal })
  return chosen.map(({ manifest }) => manifest)
}

/** An image on its way into the archive. */
interface ChosenImage {
  readonly content: Fetcher
  readonly manifest: Descriptor
  readonly config: Uint8Array
  readonly layers: readonly Descriptor[]
  readonly diffIds: readonly DiffId[]
}

async function chooseImage(runtime: Runtime, source: CopySource, options: CopyImageOptions): Promise<ChosenImage> {
  const { signal, onEvent = (): void => {} } = options
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const { content } = source
  const [platform = runtime.platform] = options.platforms ?? []
  const name = formatReference(source.name)
  const target = 'mediaType' in source.from ? source.from : await content.resolve(source.from, { signal })
  const chosen = await pickImage(content, target, { platform, name, retry, onEvent, signal })
  const manifest = decodeManifest(await readBlob(content, chosen, { signal }), {
    mediaType: chosen.mediaType,
    digest: chosen.digest,
  })
  if (manifest.kind !== 'image') throw new NotAnImageError(name, chosen.mediaType)
  requireImageConfig(manifest.value)
  const config = await readBlob(content, manifest.value.config, { maxBytes: MAX_CONFIG_BYTES, signal })
  const decoded = decodeImageConfig(config, { digest: manifest.value.config.digest })
  // It has one DiffID for each layer, or throws.
  const diffIds = checkLayerCount(manifest.value, decoded.value)
  return { content, manifest: chosen, config, layers: manifest.value.layers, diffIds }
}

async function layersOf(
  runtime: Runtime,
  inflater: Inflater,
  { content, layers, diffIds }: ChosenImage,
  { signal, onEvent = (): void => {} }: CopyImageOptions,
): Promise<ArchiveLayer[]> {
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const fetchLayer = (layer: Descriptor, each: AbortOptions): ByteStream => {
    const onState = (state: LayerState): void => onEvent({ type: 'layer', digest: layer.digest, layer: state })
    return fetchStream(content, layer, { ...each, retry, onState })
  }
  const sizeHints = await Promise.all(layers.map((layer) => gzipSizeHint(content, layer, { signal })))
  return layers.flatMap((layer, position) => {
    const diffId = diffIds[position]
    const sizeHint = sizeHints[position]
    return diffId === undefined
      ? []
      : [{ ...remoteLayer(inflater, diffId, (each) => fetchLayer(layer, each)), sizeHint }]
  })
}

/** A layer that is fetched and inflated when the archive wants it, and verified on the way. */
function remoteLayer(inflater: Inflater, diffId: DiffId, open: (options: AbortOptions) => ByteStream): ArchiveLayer {
  return {
    diffId,
    isVerified: true,
    async *open(options) {
      const { stream, result } = inflater.inflate(open(options), {
        ...options,
        algorithm: digestAlgorithm(diffId),
      })
      yield* stream
      const { digest } = await result
      if (digest !== (diffId as string)) throw new DigestMismatchError(digest, diffId)
    },
  }
}
