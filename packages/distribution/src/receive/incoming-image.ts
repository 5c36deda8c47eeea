import type { Fetcher } from '@drayage/content'
import { parseImageId } from '@drayage/digest'
import {
  checkLayerCount,
  decodeImageConfig,
  MAX_RUNNABLE_LAYERS,
  type DecodedImageConfig,
  type DecodedImageManifest,
  type Descriptor,
} from '@drayage/manifest'

import type { CopyContext } from '../copy/context.ts'
import { requireSystem } from '../copy/require-system.ts'
import { MAX_CONFIG_BYTES } from '../defaults.ts'
import { ImageMismatchError, NotAnImageError } from '../errors.ts'
import type { ImageSink, LayerMeasurement } from '../ports.ts'
import { inSink } from '../retry/attempt.ts'
import { fetchSmall } from '../retry/small-content.ts'
import type { CopiedImage } from './copied-content.ts'
import type { ArrivedManifest, IncomingManifest } from './incoming.ts'
import type { LayerTransfer } from './layer-transfer.ts'

/** An image on its way into a store; one that is there whole needs nothing. */
export class IncomingImage<M extends LayerMeasurement> implements IncomingManifest<M> {
  readonly #manifest: DecodedImageManifest
  readonly #source: Fetcher
  readonly #store: ImageSink<M>
  readonly #layers: LayerTransfer<M>
  #present: CopiedImage | undefined
  #config: DecodedImageConfig | undefined

  constructor(manifest: DecodedImageManifest, source: Fetcher, store: ImageSink<M>, layers: LayerTransfer<M>) {
    this.#manifest = manifest
    this.#source = source
    this.#store = store
    this.#layers = layers
  }

  async expect(context: CopyContext): Promise<readonly Descriptor[]> {
    const { descriptor, value } = this.#manifest
    this.#present = await findImage(this.#store, descriptor, context)
    if (this.#present !== undefined) return []
    const { config, layers } = value
    const { content } = this.#store
    await inSink('store', `image ${config.digest}`, () => content.keep([config, ...layers], context), context)
    return [config, ...(await this.#layers.missing(layers, context))]
  }

  async bring(part: Descriptor, context: CopyContext): Promise<void> {
    if (part === this.#manifest.value.config) this.#config = await this.#fetchConfig(part, context)
    else await this.#layers.bring(part, context)
  }

  async complete(context: CopyContext): Promise<ArrivedManifest<M>> {
    const { descriptor, value } = this.#manifest
    const present = this.#present
    if (present !== undefined) return { image: present, isNew: false, content: [] }
    const config = this.#config
    if (config === undefined) throw new NotAnImageError(descriptor.digest, value.config.mediaType)
    const layers = await this.#layers.matching(this.#manifest, config, context)
    return {
      image: { id: parseImageId(value.config.digest), manifest: descriptor, isPresent: false },
      whole: { manifest: this.#manifest, config, layers },
      isNew: true,
      content: [descriptor, value.config, ...value.layers],
    }
  }

  async #fetchConfig(wanted: Descriptor, context: CopyContext): Promise<DecodedImageConfig> {
    const limits = { ...context, kind: 'image config', maxBytes: MAX_CONFIG_BYTES }
    const bytes = await fetchSmall(this.#source, this.#store.content, wanted, limits)
    const config = decodeImageConfig(bytes, { digest: wanted.digest, anyCase: context.anyCase })
    // A contradiction fails the copy before its layers are here.
    checkLayerCount(this.#manifest.value, config.value)
    requireSystem(config.value, wanted, context.requirement)
    return config
  }
}

/** The image that a store has whole, with this manifest. */
export async function findImage<M extends LayerMeasurement>(
  { images }: ImageSink<M>,
  manifest: Descriptor,
  context: CopyContext,
): Promise<CopiedImage | undefined> {
  const find = async (): Promise<CopiedImage | undefined> => {
    const id = await images.findImage(manifest, { signal: context.signal })
    return id && { id, manifest, isPresent: true }
  }
  return await inSink('store', `image ${manifest.digest}`, find, context)
}

/** @throws ImageMismatchError `ERR_IMAGE_MISMATCH` */
export function assertRunnable(manifest: Descriptor, layers: number): void {
  if (layers <= MAX_RUNNABLE_LAYERS) return
  throw new ImageMismatchError(manifest, 'too many layers', String(layers), `at most ${MAX_RUNNABLE_LAYERS}`, {
    reason: 'failed to register layer: max depth exceeded',
  })
}
