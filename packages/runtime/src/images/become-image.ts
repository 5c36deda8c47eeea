import type { AbortOptions } from '@drayage/bytes'
import { ContentNotFoundError, readBlob, walk } from '@drayage/content'
import { load, NotAnImageError, pickImage } from '@drayage/distribution'
import {
  decodeManifest,
  requireImageConfig,
  requireImageLayers,
  type Descriptor,
  type Platform,
} from '@drayage/manifest'
import { familiarReference, type Reference } from '@drayage/reference'

import { contentOfName } from '../store/content-of-name.ts'
import type { Store } from '../store/store.ts'
import { openPullSink, type PullSink } from './pull-store.ts'

/** What the store holds that is to be an image. */
export interface NewlyStored {
  readonly target: Descriptor
  /** Names that it gets; the first one says which repository has its content. */
  readonly names: readonly Reference[]
  /** Which image of an index. */
  readonly platform: Platform
}

/**
 * Makes an image of what the store holds. It is verified as a pulled one is, down to its DiffIDs, and has the names when
 * this resolves.
 *
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED`, UnsupportedLayerError `ERR_LAYER_UNSUPPORTED` for an artifact
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` when a part of the image is not here
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`, TransferError `ERR_TRANSFER` and the other errors of `load`
 */
export async function becomeImage(store: Store, what: NewlyStored, options: AbortOptions = {}): Promise<void> {
  await using sink = openPullSink(store)
  await makeImage(store, sink, what, options)
  await sink.complete()
}

/** {@link becomeImage} through a sink, which may put more than the image. */
export async function makeImage(
  store: Store,
  sink: Omit<PullSink, 'complete' | typeof Symbol.asyncDispose>,
  { target, names, platform }: NewlyStored,
  options: AbortOptions,
): Promise<void> {
  const [first] = names
  const content = first === undefined ? store.content : contentOfName(store, first)
  const retry = { attempts: 1, stepMs: 0 }
  const name = first === undefined ? target.digest : familiarReference(first)
  const picking = { platform, name, retry, onEvent: (): void => {}, signal: options.signal }
  const chosen = await pickImage(content, target, picking)
  const manifest = decodeManifest(await readBlob(content, chosen, options), chosen)
  // Before its parts are looked for: a signature or an attestation may have the config of an image.
  if (manifest.kind === 'image') {
    requireImageConfig(manifest.value)
    requireImageLayers(manifest.value)
  }
  for await (const { descriptor } of walk(content, chosen, options)) {
    if (await store.content.has(descriptor, options)) continue
    const cause = new ContentNotFoundError(descriptor.digest)
    throw new NotAnImageError(name, `an image without its ${descriptor.digest}`, { cause })
  }
  await load(content, sink, { target, names }, { platforms: [platform], retry, ...options })
}
