import type { Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { children, manifestKind, type DecodedManifest, type Descriptor } from '@drayage/manifest'

import type { CopyContext } from '../copy/context.ts'
import { copyLeaf } from '../copy/copy-leaf.ts'
import { staysElsewhere } from '../copy/foreign-layers.ts'
import type { DistributionEvent } from '../events.ts'
import type { ImageSink, LayerMeasurement } from '../ports.ts'
import { inSink, isUnknownContent } from '../retry/attempt.ts'
import type { ArrivedManifest, IncomingManifest } from './incoming.ts'
import { warnOfLacking } from './settle-companions.ts'

/** How content that is no image goes into a store. */
export interface IncomingContentOptions {
  readonly source: Fetcher
  /** Whether it accompanies an image: then its blobs come unseen, and it is left out where one is not there. */
  readonly isCompanion: boolean
}

/** A manifest that is no image's, or an index, on its way into a store; what it refers to is kept as it is. */
export class IncomingContent<M extends LayerMeasurement> implements IncomingManifest<M> {
  readonly #manifest: DecodedManifest
  readonly #store: ImageSink<M>
  readonly #options: IncomingContentOptions
  readonly #parts: Map<Digest, Descriptor>
  #isLacking = false
  #isNew = false

  constructor(manifest: DecodedManifest, store: ImageSink<M>, options: IncomingContentOptions) {
    this.#manifest = manifest
    this.#store = store
    this.#options = options
    // What an index lists that is no manifest is a part of it.
    const parts = children(manifest).filter(
      ({ mediaType }) => manifest.kind === 'image' || manifestKind(mediaType) === undefined,
    )
    this.#parts = new Map(parts.map((part) => [part.digest, part]))
  }

  async expect(context: CopyContext): Promise<readonly Descriptor[]> {
    const parts = [...this.#parts.values()]
    const { digest } = this.#manifest.descriptor
    await inSink('store', `manifest ${digest}`, () => this.#store.content.keep(parts, context), context)
    return parts
  }

  async bring(part: Descriptor, context: CopyContext): Promise<void> {
    const { source, isCompanion } = this.#options
    const { onEvent } = context
    const quiet = isCompanion ? { onEvent: (event: DistributionEvent) => tellUnseen(event, context) } : {}
    try {
      const isNew = await copyLeaf(source, this.#store.content, part, { ...context, ...quiet, isRestoring: false })
      this.#isNew ||= isNew
    } catch (error) {
      context.signal?.throwIfAborted()
      const isElsewhere = staysElsewhere(part, context.foreignLayers, error)
      const mayLack = isElsewhere || isCompanion || this.#manifest.kind === 'index'
      if (!mayLack || !isUnknownContent(error)) throw error
      this.#parts.delete(part.digest)
      const { digest } = part
      if (isElsewhere) return onEvent({ type: 'layer', digest, layer: { state: 'skipped' } })
      if (isCompanion) this.#isLacking = true
      else
        onEvent({ type: 'warning', message: `left out ${digest}, which an index lists: the source does not have it` })
    }
  }

  async complete(context: CopyContext): Promise<ArrivedManifest<M>> {
    const { descriptor: manifest } = this.#manifest
    if (this.#isLacking) {
      warnOfLacking([manifest], 'the source does not have all of it', context)
      return { isNew: false, content: [] }
    }
    const parts = [...this.#parts.values()]
    return { other: { manifest, parts }, isNew: this.#isNew, content: [manifest, ...parts] }
  }
}

/** Waits are told, though not as those of a layer. */
function tellUnseen(event: DistributionEvent, { onEvent }: CopyContext): void {
  if (event.type !== 'layer') return onEvent(event)
  const { digest, layer } = event
  if (layer.state !== 'retrying') return
  const { secondsLeft, error } = layer
  onEvent({ type: 'retrying', what: `attestation ${digest}`, secondsLeft, error })
}
