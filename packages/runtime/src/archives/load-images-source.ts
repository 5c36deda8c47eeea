import path from 'node:path'

import {
  MAX_ARCHIVE_MANIFEST_BYTES,
  openArchive,
  openDirImage,
  openOciLayout,
  type ArchiveInput,
  type LayoutSource,
  type OpenArchiveOptions,
} from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { Checker, Fetcher } from '@drayage/content'
import { disk, readSmallFile, unlessMissing } from '@drayage/files'

import { layoutEntryName } from '../places/layout-place.ts'
import { dockerArchiveImages, type ArchivedImage, type DockerArchiveImagesOptions } from './docker-archive-images.ts'

/** What images are loaded from. Disposing it closes what was opened. */
export interface LoadSource extends AsyncDisposable {
  readonly content: Fetcher & Checker
  images(options: AbortOptions): AsyncIterable<ArchivedImage>
}

/** Options of {@link openLoadSource}. */
export interface OpenLoadSourceOptions extends OpenArchiveOptions, Omit<DockerArchiveImagesOptions, 'signal'> {}

/** Opens an archive of any kind, also one that was unpacked, an OCI layout or the directory of an image. */
export async function openLoadSource(input: ArchiveInput, options: OpenLoadSourceOptions): Promise<LoadSource> {
  if (typeof input === 'string' && (await isDirectory(input)) && !(await isUnpackedArchive(input, options))) {
    return await openDirectory(input, options)
  }
  const archive = await openArchive(input, options)
  return {
    content: archive,
    images:
      archive.kind === 'docker-archive'
        ? ({ signal }) => dockerArchiveImages(archive, { ...options, signal })
        : entriesOf(archive),
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  }
}

/** Whether the directory has the files of a docker-archive: its `manifest.json` is a list, which no other kind has. */
async function isUnpackedArchive(directory: string, { signal }: AbortOptions): Promise<boolean> {
  const file = path.join(directory, 'manifest.json')
  const manifest = await readSmallFile(file, { maxBytes: MAX_ARCHIVE_MANIFEST_BYTES, signal })
  if (manifest === undefined) return await isThere(path.join(directory, 'repositories'))
  return /^\s*[[n]/.test(Buffer.from(manifest.subarray(0, 64)).toString('latin1'))
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

async function isDirectory(input: string): Promise<boolean> {
  return (await unlessMissing(disk.stat(input)))?.isDirectory() === true
}

async function isThere(file: string): Promise<boolean> {
  return await disk.stat(file).then(
    () => true,
    () => false,
  )
}
