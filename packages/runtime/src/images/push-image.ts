import type { AbortOptions } from '@drayage/bytes'
import { walk } from '@drayage/content'
import { DEFAULT_RETRY_POLICY, pickImage, push, pushSchema1, type OnEvent } from '@drayage/distribution'
import { ImageNotFoundError } from '@drayage/image-store'
import { isLayerType, type Descriptor, type Platform } from '@drayage/manifest'
import {
  familiarReference,
  familiarRepository,
  parseReference,
  parseRepository,
  withDefaultTag,
  withDigest,
  withoutTag,
  type Reference,
} from '@drayage/reference'

import type { ConversionOptions } from '../copy/conversion-options.ts'
import type { Runtime } from '../create-runtime.ts'
import type { LocalStore } from '../store/local-store.ts'
import { manifestOfName } from './manifest-of-name.ts'
import { mountSources, recordSources } from './mount-sources.ts'
import { openConversion } from '../copy/open-conversion.ts'
import { openRemote } from '../remote/remote.ts'
import { wholeTarget } from './whole-target.ts'

/** Options of {@link pushImage} and {@link pushAllTags}. */
export interface PushImageOptions extends AbortOptions, ConversionOptions {
  /** Pushes the one image of an index that matches, without its index. */
  readonly platform?: Platform
  readonly onEvent?: OnEvent
}

/** What a push gave a name to. */
export interface PushedImage {
  readonly reference: Reference
  readonly target: Descriptor
}

/**
 * Pushes an image of the local store to the registry of its name, with the bytes that it was pulled or loaded with, so
 * that its digests do not change: the index when all its images are here, else the image, or that of a platform. With
 * `format` or `compression` it is converted first; schema 1 holds one image. As with `docker push`, what was pushed as it
 * is has a name by its digest afterwards.
 *
 * @param name familiar or full; `latest` when it has no tag
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws RangeError for a conversion that there is not
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` and the other errors of `convert`
 * @throws TransferError `ERR_TRANSFER` and the other errors of `push`
 */
export async function pushImage(
  runtime: Runtime,
  name: string | Reference,
  options: PushImageOptions = {},
): Promise<PushedImage> {
  const reference = withDefaultTag(typeof name === 'string' ? parseReference(name) : name)
  const store = await runtime.openStore()
  const image = await store.images.find(familiarReference(reference), options)
  const isSchema1 = options.format === 'v2s1'
  const manifest = await manifestOfName(store, reference, image, options)
  const chosen = await chooseTarget(runtime, store, reference, manifest, options)
  const source = { fetch: store.content.fetch, resolve: store.images.resolve }
  const parts = { store, logins: runtime.usedLogins, target: reference }
  await using converted = await openConversion(runtime, source, chosen, options)
  const pushAs = isSchema1 ? pushSchema1 : push
  const target = await pushAs(
    converted.source,
    openRemote(runtime, reference),
    { from: converted.root, to: reference },
    {
      signal: options.signal,
      transfers: runtime.uploads,
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
      ...(runtime.retry === undefined ? {} : { retry: runtime.retry }),
      ...mountSources(parts, options),
    },
  )
  const content: Descriptor[] = []
  for await (const { descriptor } of walk(converted.source, converted.root, { signal: options.signal })) {
    // What was made for this push is not here afterwards, and schema 1 has layers only.
    const isKept = isSchema1 ? isLayerType(descriptor.mediaType) : true
    if (isKept && (await store.content.has(descriptor, options))) content.push(descriptor)
  }
  await recordSources(parts, content, options)
  // The image of another platform is not the one that has the name.
  if (target.digest === chosen.digest && options.platform === undefined) {
    await store.images.nameImage(withoutTag(withDigest(reference, target.digest)), chosen, image.id, options)
  }
  return { reference, target }
}

/** What is pushed of what the name stands for. */
async function chooseTarget(
  runtime: Runtime,
  store: LocalStore,
  name: Reference,
  image: Descriptor,
  { platform, format, onEvent = (): void => {}, signal }: PushImageOptions,
): Promise<Descriptor> {
  if (platform !== undefined) {
    const target = await store.images.resolve(name, { signal })
    const { retry = DEFAULT_RETRY_POLICY } = runtime
    const picking = { platform, name: familiarReference(name), retry, onEvent, signal }
    return await pickImage(store.content, target, picking)
  }
  return format === 'v2s1' ? image : await wholeTarget(store, name, image, { signal })
}

/**
 * Pushes every tag of a repository, one after another, and stops at the first that fails.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND` when it has none here
 */
export async function pushAllTags(
  runtime: Runtime,
  name: string,
  options: PushImageOptions = {},
): Promise<PushedImage[]> {
  const { domain, path } = parseRepository(name)
  const { images } = await runtime.openStore()
  const names = (await images.listNames(options)).map((record) => record.name)
  const tagged = names.filter((each) => each.tag !== undefined && each.domain === domain && each.path === path)
  if (tagged.length === 0) throw new ImageNotFoundError(familiarRepository({ domain, path }))
  const pushed: PushedImage[] = []
  for (const each of tagged) pushed.push(await pushImage(runtime, each, options))
  return pushed
}
