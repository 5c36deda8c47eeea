import { mkdir } from 'node:fs/promises'
import path from 'node:path'

import { openArchive, type DockerArchive, type OciArchive } from '@drayage/archive'
import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { ImageId } from '@drayage/digest'
import { load, type OnEvent } from '@drayage/distribution'
import type { Descriptor, Platform } from '@drayage/manifest'
import { tryParseReference, withDefaultTag, type Reference } from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import { nameExistingImage } from './name-existing-image.ts'
import { openPullSink, type PullSink } from './pull-store.ts'

/** Options of {@link loadImages}. */
export interface LoadImagesOptions extends AbortOptions {
  /** Which image of an index; that of the runtime by default. */
  readonly platform?: Platform
  readonly onEvent?: OnEvent
}

/** An image that was loaded. */
export interface LoadedImage {
  readonly image: ImageId
  /** The names that it was given, with a tag. */
  readonly names: readonly Reference[]
}

/** An image in an archive, on its way into the store. */
interface ArchivedImage {
  readonly target: Descriptor
  readonly names: readonly Reference[]
  /** Known before the image is read, in a docker-archive. */
  readonly imageId?: ImageId
}

/**
 * Loads every image of a docker-archive or an oci-archive, as docker, podman, skopeo and crane write them, plain or
 * compressed, into the local store. Each is there whole or not at all. An image that is here keeps the manifest and the
 * layers that it has, and gets the names.
 *
 * @param input a file, or the bytes of an archive, which are kept in a temporary file
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` and the other errors of `openArchive`
 * @throws TransferError `ERR_TRANSFER` and the other errors of `load`
 */
export async function loadImages(
  runtime: Runtime,
  input: string | ByteStream,
  options: LoadImagesOptions = {},
): Promise<LoadedImage[]> {
  const { signal } = options
  const store = await runtime.openStore()
  const spoolDirectory = path.join(store.directory, 'ingest')
  await mkdir(spoolDirectory, { recursive: true, mode: 0o700 })
  await using archive = await openArchive(input, { signal, spoolDirectory })
  const loaded: LoadedImage[] = []
  for await (const each of archivedImages(archive, options)) {
    await using sink = openPullSink(store)
    const image =
      (await nameExistingImage(store, sink, each, options)) ?? (await loadOne(runtime, archive, sink, each, options))
    await sink.complete()
    loaded.push({ image, names: each.names })
  }
  return loaded
}

async function loadOne(
  { platform, transfers }: Runtime,
  archive: DockerArchive | OciArchive,
  sink: PullSink,
  what: ArchivedImage,
  options: LoadImagesOptions,
): Promise<ImageId> {
  return (await load(archive, sink, what, { platform, transfers, ...options })).image
}

async function* archivedImages(
  archive: DockerArchive | OciArchive,
  { signal }: AbortOptions,
): AsyncGenerator<ArchivedImage, void, void> {
  if (archive.kind === 'docker-archive') {
    for (const entry of archive.images) {
      const { manifest, imageId, repoTags } = await archive.read(entry, { signal })
      yield { target: manifest, imageId, names: repoTags.flatMap(namedBy) }
    }
    return
  }
  for (const target of await archive.imageEntries({ signal })) {
    const { 'io.containerd.image.name': full, 'org.opencontainers.image.ref.name': short } = target.annotations ?? {}
    // A name without a repository, such as "1.2", does not tell what it is a tag of.
    const names = [full, short].filter((name) => name !== undefined && /[/:]/.test(name)).slice(0, 1)
    yield { target, names: names.flatMap((name) => (name === undefined ? [] : namedBy(name))) }
  }
}

function namedBy(text: string): Reference[] {
  const parsed = tryParseReference(text)
  return parsed.ok && parsed.value.digest === undefined ? [withDefaultTag(parsed.value)] : []
}
