import { type AbortOptions, quote } from '@drayage/bytes'
import { type Checker, type Fetcher, NameNotFoundError, type Resolver } from '@drayage/content'
import { decompress } from '@drayage/compression'
import { DigestMismatchError, digestOfStream, isDigest, parseDiffId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import {
  familiarReference,
  formatReference,
  formatRepository,
  tryParseReference,
  withDefaultTag,
} from '@drayage/reference'

import type { ArchiveFiles } from '../tar/archive-files.ts'
import { layoutInArchive } from '../layout/archive-layout.ts'
import { fetchFile, hasFile } from '../content-file.ts'
import { createDockerArchiveBlobs } from './docker-archive-blobs.ts'
import { type DockerArchiveImage, readDockerArchiveImage, type ReadDockerImageOptions } from './docker-archive-image.ts'
import { legacyItems } from './docker-archive-legacy.ts'
import {
  decodeDockerArchiveManifest,
  type DockerArchiveItem,
  MAX_ARCHIVE_MANIFEST_BYTES,
} from './docker-archive-manifest.ts'
import { type OriginalEntry, originalManifests } from './docker-archive-originals.ts'
import { ArchiveFormatError, ArchiveSelectionError } from '../errors.ts'
import { CHOOSE_ONE, type ImageSelector, requireAt } from '../layout/layout-source.ts'

/** What a docker-archive says of one image, before its files are looked at. */
export interface DockerArchiveEntry {
  /** In the archive, from 0. */
  readonly position: number
  /** Names with a tag in familiar form, in the order of the archive. */
  readonly repoTags: readonly string[]
}

/**
 * An open docker-archive. As a source of graphs it gives each image a manifest: the original one where the archive holds it
 * with all its blobs, else one whose layers are the layers as they are stored. `fetch` serves what {@link DockerArchive.read},
 * `resolve` or `select` has returned before. These two verify compressed layers of an image without an original manifest
 * against its config: `ERR_DIGEST_MISMATCH` of `@drayage/digest`, or the error of inflating them.
 */
export interface DockerArchive extends Fetcher, Checker, Resolver, AsyncDisposable {
  readonly kind: 'docker-archive'
  /** All images, in the order of the archive. */
  readonly images: readonly DockerArchiveEntry[]
  /**
   * What an OCI layout in the archive lists, without what is about another image: also indexes of which only some images are
   * there, and images that `images` lacks. None without a layout.
   */
  readonly entries: readonly OriginalEntry[]
  /**
   * Reads one image: its config, and where its layers are. Layers that are stored compressed are read once for their
   * digests.
   *
   * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
   * @throws ImageConfigSyntaxError `ERR_CONFIG_SYNTAX`
   */
  read(entry: DockerArchiveEntry, options?: ReadDockerImageOptions): Promise<DockerArchiveImage>
  /**
   * The manifest of the image with this name or image ID, or at this position; of the only image when nothing is said.
   *
   * @throws ArchiveSelectionError `ERR_ARCHIVE_SELECTION`
   */
  select(selector?: ImageSelector, options?: AbortOptions): Promise<Descriptor>
}

/**
 * Reads a docker-archive whose table of contents is known; disposing the result closes it.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 */
export async function dockerArchiveOf(files: ArchiveFiles, options: AbortOptions = {}): Promise<DockerArchive> {
  const bytes = await files.read('manifest.json', { maxBytes: MAX_ARCHIVE_MANIFEST_BYTES, signal: options.signal })
  const items = bytes === undefined ? await legacyItems(files, options) : decodeDockerArchiveManifest(bytes)
  if (items === undefined) {
    throw new ArchiveFormatError('missing', 'invalid archive: does not contain a manifest.json')
  }
  const images = items.map(({ repoTags }, position): DockerArchiveEntry => ({
    position,
    repoTags: repoTags.flatMap(repoTag),
  }))
  const layout = await layoutInArchive(files, options)
  const originals = layout === undefined ? undefined : await originalManifests(layout, options)
  const blobs = createDockerArchiveBlobs(layout)

  const read = async (
    { position }: DockerArchiveEntry,
    reading: ReadDockerImageOptions = {},
  ): Promise<DockerArchiveImage> => {
    reading.signal?.throwIfAborted()
    const item: DockerArchiveItem = requireAt(items, position)
    const repoTags = images[position]?.repoTags ?? []
    return readDockerArchiveImage({ files, blobs, item, repoTags, originals }, reading)
  }
  const find = async (selector: string, { signal }: AbortOptions): Promise<Descriptor | undefined> => {
    if (!isDigest(selector)) {
      const name = tryParseReference(selector)
      if (!name.ok) return undefined
      const tag = familiarReference(withDefaultTag(name.value))
      // As for `docker load`, a name that comes again belongs to the later image.
      const entry = images.findLast(({ repoTags }) => repoTags.includes(tag))
      if (entry === undefined) return undefined
      const image = await read(entry, { signal })
      const original = originals?.named(formatReference(withDefaultTag(name.value)), image.imageId)
      return original ?? (await verifiedManifest(image, { signal }))
    }
    for (const entry of images) {
      const image = await read(entry, { signal })
      if (selector === (image.imageId as string) || selector === image.manifest.digest) {
        return await verifiedManifest(image, { signal })
      }
    }
    return undefined
  }

  return {
    kind: 'docker-archive',
    images,
    entries: originals?.entries ?? [],
    read,
    fetch: (what, fetchOptions) => fetchFile(blobs.find, what, fetchOptions),
    has: (what, hasOptions) => hasFile(blobs.find, what, hasOptions),
    async resolve(name, { signal } = {}) {
      const found = await find(name.digest ?? formatReference(name), { signal })
      if (found === undefined) throw new NameNotFoundError(formatReference(name))
      return found
    },
    async select(selector, { signal } = {}) {
      if (typeof selector === 'string') {
        const found = await find(selector, { signal })
        if (found === undefined) throw new ArchiveSelectionError(`no image is named ${quote(selector)}`, 0)
        return found
      }
      if (selector === undefined && images.length !== 1) {
        const found = `unexpected tar manifest.json: expected 1 item, got ${images.length}`
        throw new ArchiveSelectionError(found, images.length, CHOOSE_ONE)
      }
      return await verifiedManifest(await read(requireAt(images, selector ?? 0), { signal }), { signal })
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  }
}

/**
 * The manifest of an image. One that was made for it says of a compressed layer only what is stored, so that what it
 * inflates to is compared with the config first.
 */
async function verifiedManifest(image: DockerArchiveImage, { signal }: AbortOptions): Promise<Descriptor> {
  if (image.isOriginal) return image.manifest
  for (const { compression, diffId, open } of image.layers) {
    if (compression === 'none') continue
    const { digest } = await digestOfStream(decompress(open({ signal }), { signal }), 'sha256')
    if (parseDiffId(digest) !== diffId) throw new DigestMismatchError(digest, diffId)
  }
  return image.manifest
}

/** A repository that could be taken for an ID, in full. */
const LIKE_AN_ID = /^docker\.io\/library\/[0-9a-f]{64}$/

/**
 * The name with a tag that an entry stands for; none for one with a digest alone. A digest beside a tag tells where the image
 * came from, which an archive cannot prove, so that the tag counts.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 */
function repoTag(text: string): string[] {
  const parsed = tryParseReference(text)
  if (parsed.ok && LIKE_AN_ID.test(formatRepository(parsed.value))) {
    throw new ArchiveFormatError('content', `invalid tag ${quote(text)}, which is like an ID`)
  }
  const isNameless = parsed.ok && parsed.value.tag === undefined && parsed.value.digest === undefined
  if (!parsed.ok || isNameless) {
    throw new ArchiveFormatError('content', `invalid tag ${quote(text)}`, parsed.ok ? {} : { cause: parsed.error })
  }
  const { digest: _, ...named } = parsed.value
  return named.tag === undefined ? [] : [familiarReference(named)]
}
