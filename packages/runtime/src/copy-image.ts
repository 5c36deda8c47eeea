import { createDockerArchiveWriter, createOciLayoutSink, openFileOutput, type ArchiveLayer } from '@drayage/archive'
import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { createInflater, type Inflater } from '@drayage/compression'
import { readBlob } from '@drayage/content'
import { digestAlgorithm, DigestMismatchError, type DiffId } from '@drayage/digest'
import {
  copy,
  DEFAULT_RETRY_POLICY,
  fetchStream,
  MAX_CONFIG_BYTES,
  NotAnImageError,
  pickImage,
  type GraphSource,
  type LayerState,
  type OnEvent,
} from '@drayage/distribution'
import {
  checkLayerCount,
  decodeImageConfig,
  decodeManifest,
  requireImageConfig,
  type Descriptor,
} from '@drayage/manifest'
import {
  familiarReference,
  formatReference,
  parseReference,
  tryParseReference,
  withDefaultTag,
  type Reference,
  type Repository,
} from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'
import { openRemote } from './remote.ts'
import { gzipSizeHint } from './gzip-size-hint.ts'
import { parseTransport, type Transport } from './transport.ts'

/** Options of {@link copyImage}. */
export interface CopyImageOptions extends AbortOptions {
  /**
   * Whether an index is copied whole; `false`, the default, copies the image for the runtime's platform. The store holds
   * one image of an index, and a docker-archive takes no index.
   */
  readonly all?: boolean
  readonly onEvent?: OnEvent
}

/** Where a copy comes from. */
interface OpenSource {
  readonly content: GraphSource
  readonly from: Reference | Descriptor
  readonly name: Reference
}

/**
 * Copies an image from `docker://REF` or `store:REF` to `docker://REF`, `oci:DIR[:TAG]` or `docker-archive:FILE[:REF]`. Digests do not
 * change, except that a docker-archive holds the layers uncompressed. The copy has the tag that its source was named
 * with, unless the target says another; a source by ID or digest gives none.
 *
 * @returns what was copied
 * @throws TransportError `ERR_TRANSPORT` for a place that cannot be used that way
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for a docker-archive that is there
 * @throws LayoutError `ERR_LAYOUT`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws TransferError `ERR_TRANSFER` and the other errors of `copy`
 */
export async function copyImage(
  runtime: Runtime,
  source: string,
  target: string,
  options: CopyImageOptions = {},
): Promise<Descriptor> {
  const from = parseTransport(source)
  const to = parseTransport(target)
  switch (to.kind) {
    case 'registry':
      return await copyToRegistry(runtime, await openSource(runtime, from, options), to, options)
    case 'oci':
      return await copyToLayout(runtime, await openSource(runtime, from, options), to, options)
    case 'docker-archive':
      if (options.all === true) {
        throw new TransportError('copy to', target, 'found a docker-archive for all platforms, expected an oci layout')
      }
      return await copyToDockerArchive(runtime, await openSource(runtime, from, options), to, options)
    default:
      throw new TransportError('copy to', target, 'expected docker://REF, oci:DIR[:TAG] or docker-archive:FILE[:REF]')
  }
}

async function openSource(runtime: Runtime, from: Transport, options: AbortOptions): Promise<OpenSource> {
  switch (from.kind) {
    case 'registry':
      return { content: openRemote(runtime, from.reference), from: from.reference, name: from.reference }
    case 'store': {
      const { content, images } = await runtime.openStore()
      const image = await images.find(from.name, options)
      const parsed = tryParseReference(from.name)
      const isNamed = parsed.ok && (await images.imageOf(parsed.value, options)) === image.id
      const name = isNamed ? withDefaultTag(parsed.value) : parseReference(`unnamed@${image.manifest.digest}`)
      return { content: { fetch: content.fetch, resolve: images.resolve }, from: image.manifest, name }
    }
    default:
      throw new TransportError('copy from', from.kind, 'expected docker://REF or store:REF')
  }
}

async function copyToRegistry(
  runtime: Runtime,
  source: OpenSource,
  to: Transport & { kind: 'registry' },
  options: CopyImageOptions,
): Promise<Descriptor> {
  const { reference } = to
  if (reference.digest !== undefined) {
    throw new TransportError('copy to', formatReference(reference), 'found a digest, expected a tag')
  }
  const { platform, retry = DEFAULT_RETRY_POLICY } = runtime
  const isNeighbour = source.name.domain === reference.domain && source.name.path !== reference.path
  const mountFrom = async (): Promise<Repository[]> => (isNeighbour ? [source.name] : [])
  return await copy(
    source.content,
    openRemote(runtime, reference),
    { from: source.from, to: reference },
    { ...options, retry, mountFrom, ...(options.all === true ? {} : { platform }) },
  )
}

async function copyToLayout(
  runtime: Runtime,
  source: OpenSource,
  to: Transport & { kind: 'oci' },
  options: CopyImageOptions,
): Promise<Descriptor> {
  const sink = createOciLayoutSink({ directory: to.directory })
  const { tag = source.name.tag } = to
  const named = { ...sink, tag: (what: Descriptor, _name: Reference, each?: AbortOptions) => sink.put(what, tag, each) }
  const { platform, transfers, retry = DEFAULT_RETRY_POLICY } = runtime
  return await copy(
    source.content,
    named,
    { from: source.from, to: source.name },
    { ...options, transfers, retry, ...(options.all === true ? {} : { platform }) },
  )
}

async function copyToDockerArchive(
  runtime: Runtime,
  source: OpenSource,
  to: Transport & { kind: 'docker-archive' },
  options: CopyImageOptions,
): Promise<Descriptor> {
  const { signal, onEvent = (): void => {} } = options
  const { platform, retry = DEFAULT_RETRY_POLICY } = runtime
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
  const tagged = to.reference ?? (source.name.tag === undefined ? undefined : source.name)
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
