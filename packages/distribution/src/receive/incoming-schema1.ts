import { writeBlob } from '@drayage/content'
import { parseImageId, type Digest } from '@drayage/digest'
import type { DecodedSchema1, Descriptor, Schema1Image } from '@drayage/manifest'

import type { CopyContext } from '../copy/context.ts'
import { requireSystem } from '../copy/require-system.ts'
import type { ImageSink, LayerMeasurement } from '../ports.ts'
import { inSink } from '../retry/attempt.ts'
import { schema2Of, signedContent } from '../schema1/made-image.ts'
import { readSchema1 } from '../schema1/read-schema1.ts'
import { findImage } from './incoming-image.ts'
import type { ArrivedManifest, IncomingManifest } from './incoming.ts'
import type { LayerTransfer } from './layer-transfer.ts'

/** How an image that schema 1 describes goes into a store. */
export interface IncomingSchema1Options {
  /** Its layers, as they were described. */
  readonly blobs: readonly Descriptor[]
  /** Whether it is what names stand for, so that the signed manifest is kept. */
  readonly isTarget: boolean
}

/**
 * An image that schema 1 describes, on its way into a store: its layers come first, since the config that is made of its
 * history names what they inflate to.
 */
export class IncomingSchema1<M extends LayerMeasurement> implements IncomingManifest<M> {
  readonly #signed: DecodedSchema1
  readonly #store: ImageSink<M>
  readonly #layers: LayerTransfer<M>
  readonly #image: Schema1Image
  readonly #described: ReadonlyMap<Digest, Descriptor>
  readonly #isTarget: boolean

  /** @throws Schema1Error `ERR_SCHEMA1` */
  constructor(
    signed: DecodedSchema1,
    store: ImageSink<M>,
    layers: LayerTransfer<M>,
    { blobs, isTarget }: IncomingSchema1Options,
  ) {
    this.#signed = signed
    this.#store = store
    this.#layers = layers
    this.#image = readSchema1(signed)
    const needed = new Set(this.#image.layers)
    this.#described = new Map(blobs.filter(({ digest }) => needed.has(digest)).map((blob) => [blob.digest, blob]))
    this.#isTarget = isTarget
  }

  async expect(context: CopyContext): Promise<readonly Descriptor[]> {
    const kept = this.#kept().map(({ what }) => what)
    await this.#inStore(() => this.#store.content.keep([...this.#described.values(), ...kept], context), context)
    return await this.#layers.missing(this.#described.values(), context)
  }

  async bring(part: Descriptor, context: CopyContext): Promise<void> {
    await this.#layers.bring(part, context)
  }

  async complete(context: CopyContext): Promise<ArrivedManifest<M>> {
    const { signal } = context
    const { content } = this.#store
    const { descriptor } = this.#signed
    const config = this.#image.config(this.#layers.diffIdsOf(this.#image.layers))
    requireSystem(config.value, descriptor, context.requirement)
    const made = await schema2Of(config, this.#image.layers, this.#described, content, { signal })
    const present = await findImage(this.#store, made.descriptor, context)
    await this.#inStore(async () => {
      const documents = [
        ...this.#kept(),
        { what: config.descriptor, bytes: config.bytes },
        { what: made.descriptor, bytes: made.bytes },
      ]
      await content.keep(
        documents.map(({ what }) => what),
        { signal },
      )
      for (const { what, bytes } of documents) {
        if (!(await content.has(what, { signal }))) await writeBlob(content, what, bytes, { signal })
      }
    }, context)
    if (present !== undefined) return { image: present, isNew: false, content: [] }
    return {
      image: { id: parseImageId(config.descriptor.digest), manifest: made.descriptor, isPresent: false },
      whole: { manifest: made, config, layers: await this.#layers.matching(made, config, context) },
      isNew: true,
      // What was made is not where the image came from.
      content: [descriptor, ...this.#described.values()],
    }
  }

  #kept(): ReturnType<typeof signedContent> {
    return this.#isTarget ? signedContent(this.#signed) : []
  }

  async #inStore<T>(step: () => Promise<T>, context: CopyContext): Promise<T> {
    return await inSink('store', `image ${this.#signed.descriptor.digest}`, step, context)
  }
}
