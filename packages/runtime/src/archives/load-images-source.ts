import { stat } from 'node:fs/promises'
import path from 'node:path'

import {
  openArchive,
  openDirImage,
  openOciLayout,
  type ArchiveInput,
  type DockerArchive,
  type LayoutSource,
  type OpenArchiveOptions,
} from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import type { ImageId } from '@drayage/digest'
import { PlatformNotFoundError } from '@drayage/distribution'
import {
  decodeImageConfig,
  manifestKind,
  matchesPlatform,
  platformOf,
  type Descriptor,
  type Platform,
} from '@drayage/manifest'
import { tryParseReference, withDefaultTag, type Reference } from '@drayage/reference'

import { layoutEntryName } from './layout-entry-name.ts'

/** An image on its way into the store. */
export interface ArchivedImage {
  readonly target: Descriptor
  readonly names: readonly Reference[]
  /** Known before the image is read, in a docker-archive. */
  readonly imageId?: ImageId
}

/** What images are loaded from. Disposing it closes what was opened. */
export interface LoadSource extends AsyncDisposable {
  readonly content: Fetcher
  images(options: AbortOptions): AsyncIterable<ArchivedImage>
}

/** Options of {@link openLoadSource}. */
export interface OpenLoadSourceOptions extends OpenArchiveOptions {
  /** What images have to be for, where somebody asks for it; otherwise those of a docker-archive are taken as they are. */
  readonly platform?: Platform | undefined
}

/** Opens an archive of any kind, an OCI layout or the directory of an image. */
export async function openLoadSource(input: ArchiveInput, options: OpenLoadSourceOptions): Promise<LoadSource> {
  if (typeof input === 'string' && (await isDirectory(input))) return await openDirectory(input, options)
  const archive = await openArchive(input, options)
  return {
    content: archive,
    images: archive.kind === 'docker-archive' ? imagesOf(archive, options.platform) : entriesOf(archive),
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  }
}

async function openDirectory(directory: string, { signal }: AbortOptions): Promise<LoadSource> {
  const closing = { async [Symbol.asyncDispose]() {} }
  if (await isThere(path.join(directory, 'oci-layout'))) {
    const layout = await openOciLayout({ directory, signal })
    return { content: layout, images: entriesOf(layout), ...closing }
  }
  const image = await openDirImage({ directory, signal })
  const images = async function* (): AsyncGenerator<ArchivedImage, void, void> {
    yield { target: image.root, names: [] }
  }
  return { content: image, images, ...closing }
}

/** The images of a docker-archive, each read when its turn has come. */
function imagesOf(archive: DockerArchive, platform: Platform | undefined): LoadSource['images'] {
  return async function* ({ signal }) {
    for (const entry of archive.images) {
      const image = await archive.read(entry, { signal })
      const names = image.repoTags.flatMap(namedBy)
      const own = platformOf(decodeImageConfig(image.config).value)
      // An image that tells no platform is for any.
      if (platform === undefined || own === undefined || matchesPlatform(own, platform)) {
        yield { target: image.manifest, imageId: image.imageId, names }
        continue
      }
      const index = await indexOf(archive, names, { signal })
      if (index === undefined) {
        const [name] = image.repoTags
        throw new PlatformNotFoundError(name ?? image.imageId, platform, [own])
      }
      yield { target: index, names }
    }
  }
}

/** The images of a layout, each once with all its names. */
function entriesOf(layout: LayoutSource): LoadSource['images'] {
  return async function* ({ signal }) {
    const images = new Map<string, ArchivedImage>()
    for (const target of await layout.imageEntries({ signal })) {
      const known = images.get(target.digest)
      images.set(target.digest, {
        target: known?.target ?? target,
        names: [...(known?.names ?? []), layoutEntryName(target)].filter((name) => name !== undefined),
      })
    }
    yield* images.values()
  }
}

/** The index that a name of an image stands for, where the archive holds it whole. */
async function indexOf(
  archive: DockerArchive,
  names: readonly Reference[],
  options: AbortOptions,
): Promise<Descriptor | undefined> {
  for (const name of names) {
    const target = await archive.resolve(name, options)
    if (manifestKind(target.mediaType) === 'index') return target
  }
  return undefined
}

function namedBy(text: string): Reference[] {
  const parsed = tryParseReference(text)
  return parsed.ok && parsed.value.digest === undefined ? [withDefaultTag(parsed.value)] : []
}

async function isDirectory(input: string): Promise<boolean> {
  return (await stat(input)).isDirectory()
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  )
}
