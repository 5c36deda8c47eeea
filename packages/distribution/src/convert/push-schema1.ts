import { fromBytes, withTaskGroup } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { decodeImageConfig, encodeSchema1, MEDIA_TYPES, signSchema1, type Descriptor } from '@drayage/manifest'
import { DEFAULT_TAG, formatReference, formatRepository, type Reference } from '@drayage/reference'

import { copyContext, type CopyContext } from '../copy/context.ts'
import { copyLeaf } from '../copy/copy-leaf.ts'
import { restoring } from '../copy/restoring.ts'
import { DEFAULT_CONCURRENT_UPLOADS, MAX_CONFIG_BYTES } from '../defaults.ts'
import { NotAnImageError } from '../errors.ts'
import { atSink } from '../retry/attempt.ts'
import { readManifest, readSmall } from '../retry/small-content.ts'
import { withEmptyLayer } from '../schema1/read-schema1.ts'
import type { GraphSink, GraphSource } from '../ports.ts'
import type { PushOptions } from '../verbs/push.ts'

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
  const context = copyContext(options, DEFAULT_CONCURRENT_UPLOADS)
  const tag = to.tag ?? DEFAULT_TAG
  const { payload, layers } = await encodeImage(source, from, { name: to.path, tag }, context)
  context.onEvent({ type: 'pushing', repository: formatRepository(to) })
  const content = withEmptyLayer(source)
  const bring = async (isRestoring: boolean): Promise<void> =>
    await withTaskGroup(context, async ({ start }) => {
      const leaves = layers.map((layer) =>
        start((signal) => copyLeaf(content, sink, layer, { ...context, signal, isRestoring })),
      )
      await Promise.all(leaves)
    })
  await bring(false)
  const signed = await signSchema1(payload)
  const digest = digestOf(payload)
  const what: Descriptor = { mediaType: MEDIA_TYPES.schema1Signed, digest, size: signed.byteLength }
  const store = (): Promise<void> => storeSigned(sink, what, signed, to, context)
  await restoring(`manifest ${digest}`, store, () => bring(true), context)
  await context.onArrived(layers)
  context.onEvent({ type: 'pushed', tag, digest, size: signed.byteLength })
  return what
}

async function encodeImage(
  source: Fetcher,
  from: Descriptor,
  names: { readonly name: string; readonly tag: string },
  context: CopyContext,
): Promise<{ readonly payload: Uint8Array; readonly layers: readonly Descriptor[] }> {
  const manifest = await readManifest(source, from, context)
  if (manifest.kind !== 'image') throw new NotAnImageError(from.digest, from.mediaType)
  const { config } = manifest.value
  const configBytes = await readSmall(source, config, { ...context, kind: 'image config', maxBytes: MAX_CONFIG_BYTES })
  const encoded = encodeSchema1(
    manifest.value,
    decodeImageConfig(configBytes, { digest: config.digest, anyCase: context.anyCase }),
    names,
  )
  return { payload: encoded.bytes, layers: encoded.layers }
}

async function storeSigned(
  sink: GraphSink,
  what: Descriptor,
  signed: Uint8Array,
  to: Reference,
  context: CopyContext,
): Promise<void> {
  const { signal } = context
  const write = async (): Promise<void> => {
    await using ingest = await sink.begin(what.digest, { signal })
    if (ingest.offset > 0) await ingest.reset({ signal })
    await ingest.append(fromBytes(signed), { signal })
    await ingest.commit(what, { signal })
  }
  await atSink('store', `manifest ${what.digest}`, write, context)
  await atSink('tag', `"${formatReference(to)}"`, () => sink.tag(what, to, { signal }), context)
}
