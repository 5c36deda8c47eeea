import type { ImageId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

/** An image that a store has after a copy. */
export interface CopiedImage {
  readonly id: ImageId
  /** What the image has as its manifest: another one than was copied when that is schema 1. */
  readonly manifest: Descriptor
  /** Whether it was there whole before. */
  readonly isPresent: boolean
}

/** What a store of images has after a copy. */
export interface CopiedContent {
  /** What the names stand for: an index, the manifest of an image, or an artifact. */
  readonly target: Descriptor
  /** As they were chosen, otherwise in the order of the index; none of an artifact. */
  readonly images: readonly CopiedImage[]
  /** Whether all that was to come was there before. */
  readonly isPresent: boolean
}
