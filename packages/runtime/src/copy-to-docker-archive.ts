import { createDockerArchiveWriter, openFileOutput, type ArchiveLayer } from '@drayage/archive'
import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { createInflater, type Inflater } from '@drayage/compression'
import { readBlob } from '@drayage/content'
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
import { familiarReference, formatReference } from '@drayage/reference'

import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from './create-runtime.ts'
import { gzipSizeHint } from './gzip-size-hint.ts'
import type { CopySource } from './open-copy-source.ts'
import type { Transport } from './transport.ts'

/**
 * Copies an image to a new docker-archive, whose layers are uncompressed.
 *
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for a file that is there
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export async function copyToDockerArchive(
  runtime: Runtime,
  source: CopySource,
  to: Transport & { kind: 'docker-archive' },
  options: CopyImageOptions,
): Promise<Descriptor> {
  const { signal, onEvent = (): void => {} } = options
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const [platform = runtime.platform] = options.platforms ?? []
  const name = formatReference(source.name)
  const target = 'mediaType' in source.from ? source.from : await source.content.resolve(source.from, { signal })
  const chosen = await pickImage(source.content, target, { platform, name, retry, onEvent, signal })
  const manifest = decodeManifest(await readBlob(source.content, chosen, { signal }), {
    mediaType: chosen.mediaType,
    digest: chosen.digest,
  })
  if (manifest.kind !== 'image') throw new NotAnImageError(name, chosen.mediaType)
  requireImageConfig(manifest.value)
  const config = await readBlob(source.content, manifest.value.config, { maxBytes: MAX_CONFIG_BYTES, signal })
  const decoded = decodeImageConfig(config, { digest: manifest.value.config.digest })
  // It has one DiffID for each layer, or throws.
  const diffIds = checkLayerCount(manifest.value, decoded.value)
  await using inflater = createInflater()
  await using writer = createDockerArchiveWriter(await openFileOutput(to.file))
  const fetchLayer = (layer: Descriptor, each: AbortOptions): ByteStream => {
    const onState = (state: LayerState): void => onEvent({ type: 'layer', digest: layer.digest, layer: state })
    return fetchStream(source.content, layer, { ...each, retry, onState })
  }
  const sizeHints = await Promise.all(
    manifest.value.layers.map((layer) => gzipSizeHint(source.content, layer, { signal })),
  )
  const layers = manifest.value.layers.flatMap((layer, position) => {
    const diffId = diffIds[position]
    const sizeHint = sizeHints[position]
    return diffId === undefined
      ? []
      : [{ ...remoteLayer(inflater, diffId, (each) => fetchLayer(layer, each)), sizeHint }]
  })
  const tagged = to.reference ?? source.imageName
  await writer.add({ config, repoTags: tagged === undefined ? [] : [familiarReference(tagged)], layers }, { signal })
  await writer.finish({ signal })
  return chosen
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
