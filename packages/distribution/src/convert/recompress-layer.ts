import type { ByteStream } from '@drayage/bytes'
import { digestHex, type DigestAlgorithm } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { ConvertContext, LayerRecompression } from './convert-options.ts'
import { TransferError } from '../errors.ts'
import type { LayerState } from '../events.ts'
import { fetchStream } from '../retry/fetch-stream.ts'
import { inSink } from '../retry/attempt.ts'
import type { RecompressedBlob } from '../ports.ts'

/** Options of {@link recompressLayer}. */
export interface RecompressLayerOptions extends ConvertContext {
  readonly onState: (state: LayerState) => void
}

/** Recompresses a layer on its way from the source into the scratch store. */
export async function recompressLayer(
  layer: Descriptor,
  { recompressor, ...wanted }: LayerRecompression & { readonly algorithm: DigestAlgorithm | undefined },
  options: RecompressLayerOptions,
): Promise<RecompressedBlob> {
  const { source, scratch, retry, signal, onState } = options
  const what = `blob ${layer.digest}`
  const fetched = fetchStream(source, layer, {
    retry,
    signal,
    onState: (state) => onState(state.state === 'downloading' ? { ...state, state: 'recompressing' } : state),
  })
  const { stream, result } = recompressor.recompress(fetched, { ...wanted, signal })
  let failure: { readonly error: unknown } | undefined
  async function* watched(): ByteStream {
    try {
      yield* stream
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  const key = `recompress-${digestHex(layer.digest)}`
  await using ingest = await inSink('store', what, () => scratch.begin(key, { signal }), options)
  if (ingest.offset > 0) await inSink('store', what, () => ingest.reset({ signal }), options)
  try {
    await ingest.append(watched(), { signal })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof TransferError) throw error
    if (failure !== undefined) throw new TransferError('source', 'recompress', what, failure.error)
    throw new TransferError('sink', 'store', what, error)
  }
  const blob = await result
  const { digest, size } = blob
  await inSink(
    'store',
    what,
    () => ingest.commit({ mediaType: 'application/octet-stream', digest, size }, { signal }),
    options,
  )
  return blob
}
