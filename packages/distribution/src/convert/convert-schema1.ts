import { withTaskGroup } from '@drayage/bytes'
import { writeBlob } from '@drayage/content'
import type { DiffId, Digest } from '@drayage/digest'
import type { DecodedImageManifest, DecodedSchema1, Descriptor } from '@drayage/manifest'

import { fetchBlob } from '../copy/fetch-blob.ts'
import { NotAnImageError, TransferError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import { inSink } from '../retry/attempt.ts'
import { schema2Of } from '../schema1/made-image.ts'
import { describeLayers, readSchema1, withEmptyLayer } from '../schema1/read-schema1.ts'
import type { ConvertContext } from './convert-options.ts'

/**
 * Makes the schema 2 image of a schema 1 manifest: its layers are brought into the scratch store, where they are read for
 * the config, and stay there.
 *
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` where layers cannot be read, or the source tells no sizes
 * @throws Schema1Error `ERR_SCHEMA1`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function convertSchema1(manifest: DecodedSchema1, context: ConvertContext): Promise<DecodedImageManifest> {
  const { source, scratch, made, signal } = context
  const image = readSchema1(manifest)
  const layers = await describeLayers(source, manifest, image.layers, context)
  const diffIds = new Map<Digest, DiffId>()
  await withTaskGroup(context, async ({ start }) => {
    const work = [...layers.values()].map((layer) =>
      start(async (shared) => {
        diffIds.set(layer.digest, await bringLayer(manifest, layer, { ...context, signal: shared }))
      }),
    )
    await Promise.all(work)
  })
  for (const digest of layers.keys()) made.add(digest)
  const config = image.config(image.layers.flatMap((digest) => diffIds.get(digest) ?? []))
  const write = (): Promise<unknown> => writeBlob(scratch, config.descriptor, config.bytes, { signal })
  await inSink('store', `image config ${config.descriptor.digest}`, write, context)
  made.add(config.descriptor.digest)
  return await schema2Of(config, image.layers, layers, scratch, { signal })
}

async function bringLayer(manifest: DecodedSchema1, layer: Descriptor, context: ConvertContext): Promise<DiffId> {
  const { source, scratch, measurer, transfers, retry, onEvent, signal } = context
  if (measurer === undefined) throw new NotAnImageError(manifest.descriptor.digest, manifest.descriptor.mediaType)
  const tell = (state: LayerState): void => onEvent({ type: 'layer', digest: layer.digest, layer: state })
  tell({ state: 'queued' })
  const { diffId } = await transfers.scope(scratch).run(
    `measure ${layer.digest}`,
    async ({ signal: stop, report }) => {
      const options = { retry, onState: report, signal: stop }
      await fetchBlob(withEmptyLayer(source), scratch, layer, options)
      report({ state: 'registering' })
      try {
        return await measurer.measure(scratch.fetch(layer, { signal: stop }), { signal: stop })
      } catch (error) {
        stop.throwIfAborted()
        throw new TransferError('source', 'verify', `layer ${layer.digest}`, error)
      }
    },
    { signal, onProgress: tell, onState: (state) => state === 'waiting' && tell({ state: 'waiting' }) },
  )
  tell({ state: 'complete' })
  return diffId
}
