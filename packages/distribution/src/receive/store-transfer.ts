import { writeBlob, type Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { isImageManifest, type DecodedImageManifest, type DecodedManifest, type Descriptor } from '@drayage/manifest'

import type { CopyContext } from '../copy/context.ts'
import type { Receiver } from '../copy/copy-graph.ts'
import { MAX_CONFIG_BYTES, MAX_RECEIVED_BYTES } from '../defaults.ts'
import { NotAnImageError } from '../errors.ts'
import type { ImageSink, LayerMeasurement } from '../ports.ts'
import { inSink } from '../retry/attempt.ts'
import { readSchema1 } from '../schema1/read-schema1.ts'
import { IncomingContent } from './incoming-content.ts'
import { assertRunnable, IncomingImage } from './incoming-image.ts'
import { IncomingSchema1 } from './incoming-schema1.ts'
import type { ArrivedManifest, IncomingManifest } from './incoming.ts'
import { LayerTransfer } from './layer-transfer.ts'

/** What a {@link StoreTransfer} takes, and where from. */
export interface StoreTransferOptions {
  readonly source: Fetcher
  /** What names stand for. */
  readonly target: Digest
  /** Manifests that are no images, however they look. */
  readonly companions: ReadonlySet<Digest>
}

/** Takes a graph into a store of images, where nothing of it is visible yet. */
export class StoreTransfer<M extends LayerMeasurement> implements Receiver {
  /** What arrived, children before their parents. */
  readonly arrivals: Map<Digest, ArrivedManifest<M>> = new Map<Digest, ArrivedManifest<M>>()
  readonly layers: LayerTransfer<M>
  readonly #store: ImageSink<M>
  readonly #options: StoreTransferOptions
  readonly #incoming = new Map<Digest, IncomingManifest<M>>()
  readonly #takers = new Map<Descriptor, IncomingManifest<M>>()
  #bytes = 0

  constructor(store: ImageSink<M>, options: StoreTransferOptions) {
    this.#store = store
    this.#options = options
    this.layers = new LayerTransfer(options.source, store)
  }

  /**
   * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for more than can be held until all of it is here
   * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
   */
  check(manifest: DecodedManifest): void {
    const config = manifest.kind === 'image' ? Math.min(manifest.value.config.size, MAX_CONFIG_BYTES) : 0
    this.#bytes += manifest.bytes.byteLength + config
    if (this.#bytes > MAX_RECEIVED_BYTES) {
      throw new NotAnImageError(this.#options.target, `manifests and configs of more than ${MAX_RECEIVED_BYTES} bytes`)
    }
    if (manifest.kind === 'schema1') assertRunnable(manifest.descriptor, readSchema1(manifest).layers.length)
    else if (this.#isImage(manifest)) assertRunnable(manifest.descriptor, manifest.value.layers.length)
  }

  async expect(
    manifest: DecodedManifest,
    blobs: readonly Descriptor[],
    context: CopyContext,
  ): Promise<readonly Descriptor[]> {
    const { digest } = manifest.descriptor
    const incoming = this.#incomingOf(manifest, blobs)
    this.#incoming.set(digest, incoming)
    const parts = await incoming.expect(context)
    for (const part of parts) this.#takers.set(part, incoming)
    return parts
  }

  async bring(blob: Descriptor, context: CopyContext): Promise<void> {
    // What is read ahead of its manifest is brought with it.
    await this.#takers.get(blob)?.bring(blob, context)
    this.#takers.delete(blob)
  }

  async put(manifest: DecodedManifest, context: CopyContext): Promise<void> {
    const { descriptor, bytes, kind } = manifest
    const { content } = this.#store
    const { signal } = context
    const write = async (): Promise<void> => {
      if (!(await content.has(descriptor, { signal }))) await writeBlob(content, descriptor, bytes, { signal })
    }
    if (kind !== 'schema1') await inSink('store', `manifest ${descriptor.digest}`, write, context)
    const arrival = await this.#incoming.get(descriptor.digest)?.complete(context)
    this.#incoming.delete(descriptor.digest)
    if (arrival !== undefined) this.arrivals.set(descriptor.digest, arrival)
  }

  #incomingOf(manifest: DecodedManifest, blobs: readonly Descriptor[]): IncomingManifest<M> {
    const { source, target, companions } = this.#options
    const { digest } = manifest.descriptor
    if (manifest.kind === 'schema1') {
      return new IncomingSchema1(manifest, this.#store, this.layers, { blobs, isTarget: digest === target })
    }
    if (this.#isImage(manifest)) return new IncomingImage(manifest, source, this.#store, this.layers)
    return new IncomingContent(manifest, this.#store, { source, isCompanion: companions.has(digest) })
  }

  #isImage(manifest: DecodedManifest): manifest is DecodedImageManifest {
    const isCompanion = this.#options.companions.has(manifest.descriptor.digest)
    return manifest.kind === 'image' && !isCompanion && isImageManifest(manifest.value)
  }
}
