import type { DecodedImageConfig, DecodedImageManifest, Descriptor } from '@drayage/manifest'

import type { LayerMeasurement, OtherContent } from '../ports.ts'
import type { CopyContext } from '../copy/context.ts'
import type { CopiedImage } from './copied-content.ts'
import type { PlacedLayer } from './layer-transfer.ts'

/** A manifest on its way into a store of images, with all that it needs. */
export interface IncomingManifest<M extends LayerMeasurement> {
  /** What of its parts is to be brought. */
  expect(context: CopyContext): Promise<readonly Descriptor[]>
  /** Brings one of them. */
  bring(part: Descriptor, context: CopyContext): Promise<void>
  /** Checks what came, once all of it is here. */
  complete(context: CopyContext): Promise<ArrivedManifest<M>>
}

/** What became of a manifest. */
export interface ArrivedManifest<M extends LayerMeasurement> {
  readonly image?: CopiedImage
  /** What is to be registered, of an image that was not there before. */
  readonly whole?: WholeImage<M>
  readonly other?: OtherContent
  /** Whether anything of it was brought. */
  readonly isNew: boolean
  /** What came from the source. */
  readonly content: readonly Descriptor[]
}

/** An image whose layers are here and are those of its config. */
export interface WholeImage<M extends LayerMeasurement> {
  readonly manifest: DecodedImageManifest
  readonly config: DecodedImageConfig
  readonly layers: readonly PlacedLayer<M>[]
}
