import type { BlobSizer, Checker, Fetcher } from '@drayage/content'
import type { ImageId } from '@drayage/digest'
import { isIndexType, type Descriptor, type Platform } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import { copyContext, type TransferOptions } from '../copy/context.ts'
import { readThrough } from '../copy/copy.ts'
import { selectCopy } from '../copy/copy-selection.ts'
import type { CopiedImage } from '../receive/copied-content.ts'
import { copyToStore } from '../receive/receive-image.ts'
import { onlyWhole } from '../select/whole-images.ts'
import { DEFAULT_CONCURRENT_DOWNLOADS } from '../defaults.ts'
import type { ImageSink, LayerMeasurement } from '../ports.ts'

/** Options of {@link load}. */
export interface LoadContentOptions extends TransferOptions {
  /** Which images of an index; all that the source has whole by default. */
  readonly platforms?: readonly Platform[] | undefined
  /** The operating system that an image without an index must be for, such as `linux`; any by default. */
  readonly system?: string | undefined
}

/** What a load brought. */
export interface LoadResult {
  /** What the names stand for: an index, the manifest of an image, or an artifact. */
  readonly target: Descriptor
  /** The first of `images`; none of an artifact. */
  readonly image?: ImageId
  /** That of the first image; `target` for an artifact. */
  readonly manifest: Descriptor
  /** In the order of the platforms that were asked for, otherwise of the index. */
  readonly images: readonly CopiedImage[]
}

/**
 * Brings what an archive or a layout holds into a store and gives it names there: an image, an artifact, or an index with
 * those of its images that the source has whole, and their attestations. It is verified as what is pulled, and nothing of it
 * is visible before it is whole; a name that stood for something else stands for this afterwards.
 *
 * @param what a manifest or an index, and its names, each with a tag
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for an index of which no image is whole
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
 * @throws UnsupportedSystemError `ERR_SYSTEM_UNSUPPORTED`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function load<M extends LayerMeasurement>(
  source: Fetcher & Checker & Partial<BlobSizer>,
  store: ImageSink<M>,
  what: { readonly target: Descriptor; readonly names: readonly Reference[] },
  options: LoadContentOptions = {},
): Promise<LoadResult> {
  const { target } = what
  // An index has images for other systems by design.
  const required = isIndexType(target.mediaType) ? { system: undefined } : {}
  const context = copyContext({ anyCase: true, ...options, ...required }, DEFAULT_CONCURRENT_DOWNLOADS)
  const content = readThrough({ ...source, resolve: async () => target }, store, context)
  const { platforms = [] } = options
  const subset = platforms.length === 0 ? {} : { subset: { platforms, index: 'sparse' as const } }
  const selected = await selectCopy(content, target, { ...options, ...subset, keepsIndex: true })
  const needsForeign = typeof context.foreignLayers === 'string'
  const selection = await onlyWhole(selected, source, { ...context, name: target.digest, needsForeign })
  const names = what.names.map((name) => ({ name }))
  const copied = await copyToStore(selection, store, names, context)
  const [first] = copied.images
  const { images } = copied
  return { target: copied.target, ...(first && { image: first.id }), manifest: first?.manifest ?? target, images }
}
