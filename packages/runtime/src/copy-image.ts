import {
  createDockerArchiveWriter,
  createOciLayoutSink,
  openFileOutput,
  type ArchiveLayer,
} from '@drayage/archive'
import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { createInflater, type Inflater } from '@drayage/compression'
import { readBlob } from '@drayage/content'
import { DigestMismatchError, type DiffId } from '@drayage/digest'
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
import { checkLayerCount, decodeImageConfig, decodeManifest, requireImageConfig, type Descriptor } from '@drayage/manifest'
import { familiarReference, formatReference, parseReference, withDefaultTag, type Reference } from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import { TransportError } from './errors.ts'
import { openRemote } from './remote.ts'
import { parseTransport, type Transport } from './transport.ts'

/** Options of {@link copyImage}. */
export interface CopyImageOptions extends AbortOptions {
  /** Whether an index is copied whole; `false`, the default, copies the image for the runtime's platform. */
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
 * Copies an image from `docker://REF` or `store:REF` to `oci:DIR[:TAG]` or `docker-archive:FILE[:REF]`. Digests do not
 * change, except that a docker-archive holds the layers uncompressed.
 *
 * @returns what was copied
 * @throws TransportError `ERR_USAGE` for a place that cannot be used
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
    case 'oci':
      return await copyToLayout(runtime, await openSource(runtime, from), to, options)
    case 'docker-archive':
      return await copyToDockerArchive(runtime, await openSource(runtime, from), to, options)
    default:
      throw new TransportError(`Cannot copy to "${target}": expected oci:DIR[:TAG] or docker-archive:FILE[:REF]`)
  }
}

async function openSource(runtime: Runtime, from: Transport): Promise<OpenSource> {
  switch (from.kind) {
    case 'registry':
      return { content: openRemote(runtime, from.reference), from: from.reference, name: from.reference }
    case 'store': {
      const { content, images } = await runtime.openStore()
      const image = await images.find(from.name)
      const [tag] = image.repoTags
      const name = withDefaultTag(parseReference(tag ?? `unnamed@${image.manifest.digest}`))
      return { content: { fetch: content.fetch, resolve: images.resolve }, from: image.manifest, name }
    }
    default:
      throw new TransportError(`Cannot copy from a ${from.kind}: expected docker://REF or store:REF`)
  }
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
  const diffIds = checkLayerCount(manifest.value, decoded.value)
  await using inflater = createInflater()
  await using writer = createDockerArchiveWriter(await openFileOutput(to.file))
  const layers = manifest.value.layers.map((layer, position) =>
    remoteLayer(inflater, layer, diffIds[position], (each) =>
      fetchStream(source.content, layer, {
        ...each,
        retry,
        onState: (state: LayerState) => onEvent({ type: 'layer', digest: layer.digest, layer: state }),
      }),
    ),
  )
  const tagged = to.reference ?? (source.name.tag === undefined ? undefined : source.name)
  await writer.add({ config, repoTags: tagged === undefined ? [] : [familiarReference(tagged)], layers }, { signal })
  await writer.finish({ signal })
  return chosen
}

/** A layer that is fetched and inflated when the archive wants it, and verified on the way. */
function remoteLayer(
  inflater: Inflater,
  layer: Descriptor,
  diffId: DiffId | undefined,
  open: (options: AbortOptions) => ByteStream,
): ArchiveLayer {
  if (diffId === undefined) throw new TransportError(`Cannot copy layer ${layer.digest}: its DiffID is missing`)
  return {
    diffId,
    isVerified: true,
    async *open(options) {
      const { stream, result } = inflater.inflate(open(options), options)
      yield* stream
      const { digest } = await result
      if (digest !== (diffId as string)) throw new DigestMismatchError(digest, diffId)
    },
  }
}
