import type { AbortOptions } from '@drayage/bytes'
import { readBlob, walk, type Fetcher } from '@drayage/content'
import type { Digest, ImageId } from '@drayage/digest'
import { isDistributionError, load, pickImage } from '@drayage/distribution'
import { children, decodeManifest, isManifestError, requireImageConfig, type Descriptor } from '@drayage/manifest'
import { formatReference, withDigest, withoutTag, withTag, type Reference, type Repository } from '@drayage/reference'
import { RequestRefusedError } from '@drayage/registry-server'

import type { Runtime } from '../create-runtime.ts'
import type { LocalStore } from './local-store.ts'
import { againIfRemoved } from '../images/again-if-removed.ts'
import { openPullSink } from '../images/pull-store.ts'

/** What was pushed and gets a tag. */
export interface PushedTag {
  readonly repository: Repository
  readonly tag: string
  readonly digest: Digest
}

/** The digests of what a manifest needs. */
export async function partsOf(content: Fetcher, what: Descriptor, options: AbortOptions): Promise<Digest[]> {
  const manifest = decodeManifest(await readBlob(content, what, options), what)
  return children(manifest).map(({ digest }) => digest)
}

/**
 * Names what was pushed. An image becomes one of the store: it is verified first, down to its DiffIDs. Of an index the
 * image for the runtime's platform does, when it is here; else, and for artifacts, the name stands for what was pushed.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED` for an image that is not what it says
 */
export async function tagPushed(
  runtime: Runtime,
  store: LocalStore,
  { repository, tag, digest }: PushedTag,
  options: AbortOptions = {},
): Promise<void> {
  const target = store.holdings.find('manifest', repository, digest)
  if (target === undefined) {
    throw new RequestRefusedError({ status: 404, specCode: 'MANIFEST_UNKNOWN', message: 'manifest unknown' })
  }
  const name = withTag(repository, tag)
  const names = [withDigest(withoutTag(name), digest), name]
  await againIfRemoved(async () => {
    const image = await imageOf(runtime, store, target, name, options)
    for (const each of names) {
      if (image === undefined) await store.images.tag(target, each, options)
      else await store.images.nameImage(each, target, image, options)
    }
  }, options)
}

/** Brings the image of a target into the store; nothing when it is none, or is not here. */
async function imageOf(
  runtime: Runtime,
  store: LocalStore,
  target: Descriptor,
  name: Reference,
  options: AbortOptions,
): Promise<ImageId | undefined> {
  const { content } = store
  const { platform } = runtime
  const retry = { attempts: 1, stepMs: 0 }
  try {
    const picking = { platform, name: formatReference(name), retry, onEvent: (): void => {}, signal: options.signal }
    const chosen = await pickImage(content, target, picking)
    const manifest = decodeManifest(await readBlob(content, chosen, options), chosen)
    if (manifest.kind !== 'image' || !isImage(manifest.value)) return undefined
    for await (const { descriptor } of walk(content, chosen, options)) {
      if (!(await content.has(descriptor, options))) return undefined
    }
    await using sink = openPullSink(store)
    const { image } = await load(content, sink, { target: chosen, names: [] }, { platform, retry, ...options })
    await sink.complete()
    return image
  } catch (error) {
    options.signal?.throwIfAborted()
    if (isDistributionError(error) && NOT_HERE.includes(error.code)) return undefined
    if (!isDistributionError(error) && !isManifestError(error)) throw error
    const refusal = { status: 400, specCode: 'MANIFEST_INVALID', message: error.message.slice(0, 1024) } as const
    throw new RequestRefusedError(refusal, { cause: error })
  }
}

const NOT_HERE: readonly string[] = ['ERR_PLATFORM_NOT_FOUND', 'ERR_NOT_AN_IMAGE']

function isImage(manifest: Parameters<typeof requireImageConfig>[0]): boolean {
  try {
    requireImageConfig(manifest)
    return true
  } catch {
    return false
  }
}
