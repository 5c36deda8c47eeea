import type { AbortOptions } from '@drayage/bytes'
import { readBlob } from '@drayage/content'
import type { Digest, ImageId } from '@drayage/digest'
import {
  decodeImageConfig,
  formatPlatform,
  matchesPlatform,
  platformOf,
  type Descriptor,
  type Platform,
} from '@drayage/manifest'
import {
  familiarReference,
  formatReference,
  parseReference,
  validateRepositoryName,
  withDefaultTag,
  withDigest,
  withoutTag,
  type Reference,
} from '@drayage/reference'
import { createTransferManager, type TransferManager } from '@drayage/transfer'

import { bringImage } from './bring-image.ts'
import { DEFAULT_CONCURRENT_DOWNLOADS, MAX_CONFIG_BYTES } from './defaults.ts'
import { escapeText } from './escape-text.ts'
import type { LayerState, OnEvent } from './events.ts'
import { inSink } from './in-sink.ts'
import type { LayerMeasurement, NameKeeper, PullStore, RepositoryOpener, RepositorySource } from './ports.ts'
import { DEFAULT_RETRY_POLICY, forQuestions, type RetryPolicy } from './retry-policy.ts'
import { selectImage } from './select-image.ts'
import { translatePullError } from './translate-pull-error.ts'
import { tryRequest } from './try-request.ts'

/** Options of {@link pull}. */
export interface PullOptions extends AbortOptions {
  /** What the image must run on; an index is searched for the best match. */
  readonly platform: Platform
  /** Receives progress. */
  readonly onEvent?: OnEvent
  /**
   * Shares downloads with other pulls into the same store; by default a manager of this pull alone with three downloads
   * at a time.
   */
  readonly transfers?: TransferManager<LayerState>
  /** Five tries, 5 s more between each two by default. */
  readonly retry?: RetryPolicy
}

/** What a pull brought. */
export interface PullResult {
  /** What was pulled, in normal form. */
  readonly reference: Reference
  /** The digest that the reference stands for: of an index, if there is one. */
  readonly digest: Digest
  readonly image: ImageId
  readonly manifest: Descriptor
  /** Whether the store held the image under this name before. */
  readonly upToDate: boolean
}

/**
 * Brings an image from a registry into a store and names it there. Resolves when the image is whole, verified, durable
 * and named; before that nothing of it is visible. The same call after a failure goes on at the byte where it stopped.
 *
 * @param name familiar or full; `latest` when it has neither tag nor digest, and without its tag when it has a digest
 * @throws ReservedNameError `ERR_REFERENCE_RESERVED`
 * @throws PullNotFoundError `ERR_PULL_NOT_FOUND`
 * @throws PullDeniedError `ERR_PULL_DENIED`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED`
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function pull<M extends LayerMeasurement>(
  registry: RepositoryOpener,
  store: PullStore<M>,
  name: string | Reference,
  options: PullOptions,
): Promise<PullResult> {
  const reference = withDefaultTag(typeof name === 'string' ? parseReference(name) : name)
  validateRepositoryName(reference)
  // A digest says all: the tag beside it is neither looked up nor moved.
  const asked = reference.digest === undefined ? reference : withoutTag(reference)
  const context = {
    signal: options.signal,
    onEvent: options.onEvent ?? ((): void => {}),
    transfers: options.transfers ?? createTransferManager<LayerState>({ limit: DEFAULT_CONCURRENT_DOWNLOADS }),
    retry: options.retry ?? DEFAULT_RETRY_POLICY,
    platform: options.platform,
    name: familiarReference(asked),
  }
  try {
    return await pullReference(registry.repository(asked), store, asked, context)
  } catch (error) {
    options.signal?.throwIfAborted()
    throw translatePullError(error, asked)
  }
}

interface PullContext extends Required<Omit<PullOptions, 'signal'>>, AbortOptions {
  readonly name: string
}

async function pullReference<M extends LayerMeasurement>(
  source: RepositorySource,
  store: PullStore<M>,
  reference: Reference,
  context: PullContext,
): Promise<PullResult> {
  const { signal, onEvent, name } = context
  const asking = { ...context, retry: forQuestions(context.retry) }
  const target = await tryRequest('resolve', `"${name}"`, () => source.resolve(reference, { signal }), asking)
  const selected = await selectImage(source, store.content, target, context)
  const manifest = selected.manifest.descriptor
  onEvent({ type: 'pulling', id: reference.tag ?? formatReference(reference), path: reference.path })

  const inStore = <T>(step: () => Promise<T>): Promise<T> => inSink('store', `"${name}"`, step, context)
  const named = await inStore(() => store.images.imageOf(reference, { signal }))
  const present = await inStore(() => store.images.findImage(manifest, { signal }))
  const image = present ?? (await bringImage(source, store, selected, reference, context))
  await inStore(() => nameImage(store.images, reference, target, image, context))
  const upToDate = present !== undefined && named === image
  onEvent({ type: 'digest', digest: target.digest })
  onEvent({ type: 'status', upToDate, reference: name })
  warnOfPlatform(await readPlatform(store, selected.manifest.value.config), context)
  return { reference, digest: target.digest, image, manifest, upToDate }
}

/** The platform of a stored image; `undefined` when it tells none, or someone removed the image since it was named. */
async function readPlatform<M extends LayerMeasurement>(
  store: PullStore<M>,
  config: Descriptor,
): Promise<Platform | undefined> {
  try {
    const bytes = await readBlob(store.content, config, { maxBytes: MAX_CONFIG_BYTES })
    return platformOf(decodeImageConfig(bytes, { digest: config.digest }).value)
  } catch {
    return undefined
  }
}

/** An image that is named directly, not through an index, may be for another platform; that is no error. */
function warnOfPlatform(actual: Platform | undefined, { onEvent, name, platform }: PullContext): void {
  if (actual === undefined || matchesPlatform(actual, platform)) return
  const [wanted, found] = [platform, actual].map((each) => escapeText(formatPlatform(each), 96))
  const message = `image with reference ${name} was found but does not match the specified platform: wanted ${wanted}, actual: ${found}`
  onEvent({ type: 'warning', message })
}

/** Records the digest name of what was pulled, and its tag unless a digest was asked for. */
async function nameImage(
  names: NameKeeper,
  reference: Reference,
  target: Descriptor,
  image: ImageId,
  options: AbortOptions,
): Promise<void> {
  await names.nameImage(withDigest(withoutTag(reference), target.digest), target, image, options)
  if (reference.digest === undefined) await names.nameImage(reference, target, image, options)
}
