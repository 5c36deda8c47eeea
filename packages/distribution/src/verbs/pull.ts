import { escapeText } from '@drayage/bytes'
import { readBlob, type Fetcher } from '@drayage/content'
import type { Digest, ImageId } from '@drayage/digest'
import {
  decodeImageConfig,
  formatPlatform,
  manifestKind,
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

import { copyContext, type TransferOptions } from '../copy/context.ts'
import { readThrough } from '../copy/copy.ts'
import { selectCopy } from '../copy/copy-selection.ts'
import type { CopiedImage } from '../receive/copied-content.ts'
import { copyToStore } from '../receive/receive-image.ts'
import type { CopySelection } from '../copy/selection.ts'
import { DEFAULT_CONCURRENT_DOWNLOADS, MAX_CONFIG_BYTES } from '../defaults.ts'
import type { OnEvent } from '../events.ts'
import type { ImageName, ImageSink, LayerMeasurement, RepositoryOpener, RepositorySource } from '../ports.ts'
import { inSink, type AttemptContext } from '../retry/attempt.ts'
import { readManifest } from '../retry/small-content.ts'
import { translatePullError } from '../words/translate-pull-error.ts'

/** Options of {@link pull}. */
export interface PullOptions extends TransferOptions {
  /** What the image must run on; an index is searched for the best match. */
  readonly platform: Platform
  /** Several platforms, for each of them the best match; `platform` alone by default. */
  readonly platforms?: readonly Platform[] | undefined
  /** Brings all that an index lists, and fails where it is not there; `false` by default. */
  readonly allPlatforms?: boolean | undefined
  /** The operating system that every image must be for, such as `linux`; any by default. */
  readonly system?: string | undefined
}

/** What a pull brought. */
export interface PullResult {
  /** What was pulled, in normal form. */
  readonly reference: Reference
  /** The digest that the reference stands for: of an index, if there is one. */
  readonly digest: Digest
  /** What the names stand for: an index, the manifest of an image, or an artifact. */
  readonly target: Descriptor
  /** The first of `images`; none of an artifact. */
  readonly image?: ImageId
  /** That of the first image; `target` for an artifact. */
  readonly manifest: Descriptor
  /** In the order of the platforms that were asked for, otherwise of the index. */
  readonly images: readonly CopiedImage[]
  /** Whether the name stood for the same before, and the store held all that was asked for. */
  readonly upToDate: boolean
}

/**
 * Brings an image from a registry into a store and names it there: of an index the images of one, several or all platforms
 * and their attestations, and an artifact as content. Resolves when all of it is whole, verified, durable and named; before
 * that nothing of it is visible. The names stand for the index, whatever of it came. The same call after a failure goes on at
 * the byte where it stopped.
 *
 * @param name familiar or full; `latest` when it has neither tag nor digest, and without its tag when it has a digest
 * @throws ReservedNameError `ERR_REFERENCE_RESERVED`
 * @throws PullNotFoundError `ERR_PULL_NOT_FOUND`
 * @throws PullDeniedError `ERR_PULL_DENIED`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 * @throws Schema1Error `ERR_SCHEMA1`
 * @throws Schema1RefusedError `ERR_SCHEMA1_REFUSED`
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
 * @throws UnsupportedSystemError `ERR_SYSTEM_UNSUPPORTED`
 * @throws TransferError `ERR_TRANSFER`
 */
export async function pull<M extends LayerMeasurement>(
  registry: RepositoryOpener,
  store: ImageSink<M>,
  name: string | Reference,
  options: PullOptions,
): Promise<PullResult> {
  const reference = withDefaultTag(typeof name === 'string' ? parseReference(name) : name)
  validateRepositoryName(reference)
  // A digest says all: the tag beside it is neither looked up nor moved.
  const asked = reference.digest === undefined ? reference : withoutTag(reference)
  try {
    return await pullReference(registry.repository(asked), store, asked, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    throw translatePullError(error, asked)
  }
}

async function pullReference<M extends LayerMeasurement>(
  source: RepositorySource,
  store: ImageSink<M>,
  reference: Reference,
  options: PullOptions,
): Promise<PullResult> {
  const platforms = wantedOf(options)
  const context = copyContext({ ...options, platforms }, DEFAULT_CONCURRENT_DOWNLOADS)
  const { signal, onEvent } = context
  const name = familiarReference(reference)
  const content = readThrough(source, store, context)
  const choice = platforms.length === 0 ? {} : { subset: { platforms, index: 'sparse' as const } }
  const selecting = { ...options, name, keepsIndex: true, platform: undefined, ...choice }
  const selection = await selectCopy(content, reference, selecting)
  const { original } = selection
  onEvent({ type: 'pulling', id: reference.tag ?? formatReference(reference), path: reference.path })
  const named = await inSink('store', `"${name}"`, () => store.images.targetOf(reference, { signal }), context)
  const notice = deprecation(reference, selection)
  if (notice !== undefined) onEvent({ type: 'notice', message: notice })
  const { target, images, isPresent } = await copyToStore(selection, store, namesOf(reference, original), context)
  const upToDate = isPresent && named?.digest === target.digest
  onEvent({ type: 'digest', digest: original.digest })
  onEvent({ type: 'status', upToDate, reference: name })
  if (platforms.length > 0) {
    const found = await readPlatforms(selection.source, store, images, context)
    warnOfPlatforms(found, name, { onEvent, platforms })
  }
  const [first] = images
  const chosen = { ...(first && { image: first.id }), manifest: first?.manifest ?? target, images }
  return { reference, digest: original.digest, target, ...chosen, upToDate }
}

/** What images are wanted for; nothing for all. */
function wantedOf({ platform, platforms = [], allPlatforms = false }: PullOptions): readonly Platform[] {
  if (allPlatforms) return []
  return platforms.length === 0 ? [platform] : platforms
}

/** What Docker Engine says of schema 1, where any was chosen. */
function deprecation(reference: Reference, { root, chosen = [] }: CopySelection): string | undefined {
  const name = formatReference(reference)
  const more = 'More information at https://docs.docker.com/registry/spec/deprecated-schema-v1/'
  if (manifestKind(root.mediaType) === 'schema1') {
    return `Image ${name} uses outdated schema1 manifest format. Please upgrade to a schema2 image for better future compatibility. ${more}`
  }
  if (!chosen.some(({ mediaType }) => manifestKind(mediaType) === 'schema1')) return undefined
  return `[DEPRECATION NOTICE] v2 schema1 manifests in manifest lists are not supported and will break in a future release. Suggest author of ${name} to upgrade to v2 schema2. ${more}`
}

/** The platforms of stored images; `undefined` for one that names none, or was removed since it was named. */
async function readPlatforms<M extends LayerMeasurement>(
  manifests: Fetcher,
  { content }: ImageSink<M>,
  images: readonly CopiedImage[],
  context: AttemptContext,
): Promise<(Platform | undefined)[]> {
  const read = async ({ manifest: image }: CopiedImage): Promise<Platform | undefined> => {
    try {
      const manifest = await readManifest(manifests, image, context)
      if (manifest.kind !== 'image') return undefined
      const { config } = manifest.value
      const bytes = await readBlob(content, config, { maxBytes: MAX_CONFIG_BYTES })
      return platformOf(decodeImageConfig(bytes, { digest: config.digest }).value)
    } catch {
      return undefined
    }
  }
  return await Promise.all(images.map(read))
}

/** An image that is named directly, not through an index, may be for another platform; that is no error. */
function warnOfPlatforms(
  found: readonly (Platform | undefined)[],
  name: string,
  { onEvent, platforms }: { readonly onEvent: OnEvent; readonly platforms: readonly Platform[] },
): void {
  const [actual] = found
  if (actual === undefined) return
  for (const platform of platforms) {
    if (found.some((each) => each === undefined || matchesPlatform(each, platform))) continue
    const [wanted, is] = [platform, actual].map((each) => escapeText(formatPlatform(each), 96))
    const message = `image with reference ${name} was found but does not match the specified platform: wanted ${wanted}, actual: ${is}`
    onEvent({ type: 'warning', message })
  }
}

/** The digest name of what was pulled, and its tag unless a digest was asked for. */
function namesOf(reference: Reference, target: Descriptor): ImageName[] {
  const isPinned = reference.digest !== undefined
  const byDigest = { name: withDigest(withoutTag(reference), target.digest), isPinned }
  return isPinned ? [byDigest] : [byDigest, { name: reference }]
}
