import type { DockerArchive, DockerArchiveImage, OriginalEntry, ReadDockerImageOptions } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { ImageId } from '@drayage/digest'
import { manifestKind, type Descriptor } from '@drayage/manifest'
import { formatReference, tryParseReference, withDefaultTag, type Reference } from '@drayage/reference'

import { layoutEntryName } from '../places/layout-place.ts'

/** What is on its way into the store. */
export interface ArchivedImage {
  /** An image, an index or an artifact. */
  readonly target: Descriptor
  readonly names: readonly Reference[]
  /** The one image that it is, known before it is read, of a docker-archive. */
  readonly imageId?: ImageId
}

/** Options of {@link dockerArchiveImages}. */
export interface DockerArchiveImagesOptions extends AbortOptions {
  /** Finds a layer that the archive leaves out. */
  readonly findLayer?: ReadDockerImageOptions['findLayer']
}

/**
 * The images of a docker-archive, each read when its turn has come, and then what only the layout in it lists. A name whose
 * entry in the layout is an index with the image in it stands for that index.
 */
export async function* dockerArchiveImages(
  archive: DockerArchive,
  reading: DockerArchiveImagesOptions,
): AsyncGenerator<ArchivedImage, void, void> {
  const brought = new Brought()
  for (const entry of archive.images) {
    const image = await archive.read(entry, reading)
    for (const each of targetsOf(image, archive.entries)) {
      if (brought.add(each, image)) yield each
    }
  }
  for (const each of listedBeside(archive.entries, brought)) yield each
}

/** What was brought so far. */
class Brought {
  readonly #targets = new Set<string>()
  readonly #names = new Set<string>()
  readonly #images = new Set<string>()

  /** Notes it; resolves to whether something of it is new. */
  add({ target, names }: ArchivedImage, { imageId }: DockerArchiveImage): boolean {
    const isNew = !this.#targets.has(target.digest) || names.some((name) => !this.hasName(name))
    this.#targets.add(target.digest)
    this.#images.add(imageId)
    for (const name of names) this.#names.add(formatReference(name))
    return isNew
  }

  hasName(name: Reference): boolean {
    return this.#names.has(formatReference(name))
  }

  /** Whether an entry came under another name, or its image did. */
  has({ root, images }: OriginalEntry): boolean {
    if (this.#targets.has(root.digest)) return true
    return !isIndex(root) && [...images].some((image) => this.#images.has(image))
  }
}

/** What the names of an image stand for: indexes, and for the others the image itself. */
function targetsOf(image: DockerArchiveImage, entries: readonly OriginalEntry[]): ArchivedImage[] {
  const { manifest, imageId } = image
  const names = image.repoTags.flatMap(namedBy)
  const indexes = entries.filter((entry) => isIndex(entry.root) && (entry.isDamaged || entry.images.has(imageId)))
  const groups = new Map<Descriptor | undefined, Reference[]>()
  for (const name of names.length === 0 ? [undefined] : names) {
    const text = name === undefined ? undefined : formatReference(name)
    const root = indexes.findLast((entry) => nameText(entry) === text)?.root
    // The same index has an entry for each of its names.
    const index = [...groups.keys()].find((known) => known?.digest === root?.digest) ?? root
    groups.set(index, [...(groups.get(index) ?? []), ...(name === undefined ? [] : [name])])
  }
  return [...groups].map(([index, given]) =>
    index === undefined ? { target: manifest, imageId, names: given } : { target: index, names: given },
  )
}

/** What the layout lists and the list of images does not, each once with all its names. */
function listedBeside(entries: readonly OriginalEntry[], brought: Brought): ArchivedImage[] {
  const groups = Map.groupBy(
    entries.filter((entry) => !brought.has(entry)),
    ({ root }) => root.digest,
  )
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const names = [first, ...others].flatMap(({ root }) => layoutEntryName(root) ?? [])
    return [{ target: first.root, names: names.filter((name) => !brought.hasName(name)) }]
  })
}

function isIndex({ mediaType }: Descriptor): boolean {
  return manifestKind(mediaType) === 'index'
}

function nameText({ root }: OriginalEntry): string | undefined {
  const name = layoutEntryName(root)
  return name === undefined ? undefined : formatReference(name)
}

function namedBy(text: string): Reference[] {
  const parsed = tryParseReference(text)
  return parsed.ok && parsed.value.digest === undefined ? [withDefaultTag(parsed.value)] : []
}
