import { fromBytes } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import {
  decodeImageConfig,
  decodeManifest,
  encodeSchema1,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  SCHEMA1_EMPTY_LAYER,
  schema1EmptyLayer,
  signSchema1,
  type Descriptor,
} from '@drayage/manifest'
import { DEFAULT_TAG, formatReference, formatRepository, type Reference } from '@drayage/reference'
import { createTransferManager } from '@drayage/transfer'

import { retryingSmall, type CopyContext } from './copy-context.ts'
import { copyLeaf } from './copy-leaf.ts'
import { DEFAULT_CONCURRENT_UPLOADS, MAX_CONFIG_BYTES } from './defaults.ts'
import { NotAnImageError } from './errors.ts'
import type { LayerState } from './events.ts'
import { readSmall } from './fetch-manifest.ts'
import { inSink } from './in-sink.ts'
import type { GraphSink, GraphSource } from './ports.ts'
import type { PushOptions } from './push.ts'
import { DEFAULT_RETRY_POLICY } from './retry-policy.ts'
import { trySink } from './try-sink.ts'

/**
 * Pushes one image as schema 1, for registries and readers that know nothing else: its layers as they are, and a manifest
 * that is made of manifest and config and signed with a key made for it. Readers compute another image ID from it.
 *
 * @param sink takes a signed manifest by the digest of what was signed, as the registry client does
 * @returns what the name stands for afterwards
 * @throws RangeError when `to` has a digest
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` for layers in zstd and those that are kept elsewhere
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for an index and for schema 1
 * @throws TransferError `ERR_TRANSFER`
 */
export async function pushSchema1(
  source: GraphSource,
  sink: GraphSink,
  names: { readonly from: Descriptor; readonly to: Reference },
  options: PushOptions = {},
): Promise<Descriptor> {
  const { from, to } = names
  if (to.digest !== undefined) throw new RangeError('Cannot push: cannot push a digest reference, expected a tag')
  const context: CopyContext = {
    signal: options.signal,
    onEvent: options.onEvent ?? ((): void => {}),
    transfers: options.transfers ?? createTransferManager<LayerState>({ limit: DEFAULT_CONCURRENT_UPLOADS }),
    retry: options.retry ?? DEFAULT_RETRY_POLICY,
    mountFrom: options.mountFrom ?? (async () => []),
    onMountRefused: options.onMountRefused ?? (async () => {}),
    rootName: undefined,
    isRestoring: false,
  }
  const tag = to.tag ?? DEFAULT_TAG
  const { payload, layers } = await encodeImage(source, from, { name: to.path, tag }, context)
  context.onEvent({ type: 'pushing', repository: formatRepository(to) })
  await copyLeaves(withEmptyLayer(source), sink, layers, context)
  const signed = await signSchema1(payload)
  const digest = digestOf(payload)
  const what: Descriptor = { mediaType: MEDIA_TYPES.schema1Signed, digest, size: signed.byteLength }
  await storeSigned(sink, what, signed, to, context)
  context.onEvent({ type: 'pushed', tag, digest, size: signed.byteLength })
  return what
}

async function encodeImage(
  source: Fetcher,
  from: Descriptor,
  names: { readonly name: string; readonly tag: string },
  context: CopyContext,
): Promise<{ readonly payload: Uint8Array; readonly layers: readonly Descriptor[] }> {
  const bytes = await readSmall(source, from, { ...context, kind: 'manifest', maxBytes: MAX_MANIFEST_BYTES })
  const manifest = decodeManifest(bytes, { mediaType: from.mediaType, digest: from.digest })
  if (manifest.kind !== 'image') throw new NotAnImageError(from.digest, from.mediaType)
  const { config } = manifest.value
  const configBytes = await readSmall(source, config, { ...context, kind: 'image config', maxBytes: MAX_CONFIG_BYTES })
  const encoded = encodeSchema1(manifest.value, decodeImageConfig(configBytes, { digest: config.digest }), names)
  return { payload: encoded.bytes, layers: encoded.layers }
}

/** The source and the layer that every registry has and no image. */
function withEmptyLayer(source: Fetcher): Fetcher {
  return {
    fetch: (what, options) =>
      what.digest === SCHEMA1_EMPTY_LAYER.digest
        ? fromBytes(schema1EmptyLayer().subarray(options?.offset))
        : source.fetch(what, options),
  }
}

/** Copies blobs side by side. The first failure stops the rest, and all has stopped when it is thrown. */
async function copyLeaves(
  source: Fetcher,
  sink: GraphSink,
  blobs: readonly Descriptor[],
  context: CopyContext,
): Promise<void> {
  const failed = new AbortController()
  const signal = context.signal === undefined ? failed.signal : AbortSignal.any([failed.signal, context.signal])
  const leaves = blobs.map((blob) => copyLeaf(source, sink, blob, { ...context, signal }))
  for (const leaf of leaves) leaf.catch((error: unknown) => failed.abort(error))
  try {
    await Promise.all(leaves)
  } catch (error) {
    await Promise.allSettled(leaves)
    throw error
  }
}

async function storeSigned(
  sink: GraphSink,
  what: Descriptor,
  signed: Uint8Array,
  to: Reference,
  context: CopyContext,
): Promise<void> {
  const { signal } = context
  const name = `manifest ${what.digest}`
  const write = async (): Promise<void> => {
    await using ingest = await sink.begin(what.digest, { signal })
    if (ingest.offset > 0) await ingest.reset({ signal })
    await ingest.append(fromBytes(signed), { signal })
    await ingest.commit(what, { signal })
  }
  await trySink(() => inSink('store', name, write, context), retryingSmall(name, context))
  const target = `"${formatReference(to)}"`
  const tag = (): Promise<void> => inSink('tag', target, () => sink.tag(what, to, { signal }), context)
  await trySink(tag, retryingSmall(target, context))
}
