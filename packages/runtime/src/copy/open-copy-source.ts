import { openDirImage, openDockerArchive, openOciArchive, openOciLayout, type LayoutSource } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { GraphSource } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import {
  formatReference,
  parseReference,
  tryParseReference,
  withDefaultTag,
  type Reference,
  type Repository,
} from '@drayage/reference'

import { takesIndex } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'
import { layoutEntryName } from '../archives/layout-entry-name.ts'
import type { LocalStore } from '../store/local-store.ts'
import { openRemote } from '../remote/remote.ts'
import type { Transport } from './transport.ts'
import { manifestOfName } from '../images/manifest-of-name.ts'
import { wholeTarget } from '../images/whole-target.ts'

/** Where a copy comes from. Disposing it closes what was opened. */
export interface CopySource extends AsyncDisposable {
  readonly content: GraphSource
  readonly from: Reference | Descriptor
  /** How messages call it. */
  readonly name: Reference
  /** What an entry of a layout is called that nobody names. */
  readonly entryName: string | undefined
  /** What the image is called where nobody names it, with tags; the first where it can have one name only. */
  readonly imageNames: readonly Reference[]
  /** Whether its manifests may be made for images that had another one. */
  readonly makesManifests: boolean
  /** The repository whose registry may hold the same blobs. */
  readonly repository?: Repository
  /** The store that it is in, which remembers where its blobs are besides. */
  readonly store?: LocalStore
}

interface OpenedSource<F> extends AsyncDisposable {
  readonly content: GraphSource
  readonly from: F
  readonly makesManifests: boolean
}

/** What is going to be copied, and the signal. */
export type OpenCopySourceOptions = Pick<CopyImageOptions, 'all' | 'platforms' | 'index' | 'signal'>

/**
 * Opens the place that an image is copied from. The store gives the image that it has under the name; when more is asked
 * for, the index when all of it is here, and when platforms are, the index that they are looked for in.
 *
 * @throws ArchiveSelectionError `ERR_ARCHIVE_SELECTION` when an archive or a layout does not hold the image, or several
 * and none is named
 * @throws DockerNotFoundError `ERR_DOCKER_NOT_FOUND`
 * @throws the errors of `openOciLayout`, `openOciArchive`, `openDockerArchive`, `openDirImage` and `DockerDaemon`
 */
export async function openCopySource(
  runtime: Runtime,
  from: Transport,
  options: OpenCopySourceOptions = {},
): Promise<CopySource> {
  switch (from.kind) {
    case 'registry':
      return namedSource(openRemote(runtime, from.reference), from.reference, from.reference)
    case 'store':
      return await openStored(runtime, from.name, options)
    case 'oci':
      return await layoutEntry(await openOciLayout({ directory: from.directory, ...options }), from.tag, options)
    case 'oci-archive': {
      const archive = await openOciArchive(from.file, options)
      return await closing(archive, () => layoutEntry(archive, from.tag, options))
    }
    case 'docker-archive':
      return await openImageOfArchive(from, options)
    case 'docker-daemon':
      return await openImageOfDaemon(runtime, from.name, options)
    case 'dir': {
      const image = await openDirImage({ directory: from.directory, ...options })
      return namelessSource({ ...image, resolve: async () => image.root }, image.root)
    }
  }
}

async function openStored(runtime: Runtime, text: string, options: OpenCopySourceOptions): Promise<CopySource> {
  const store = await runtime.openStore()
  const { content, images } = store
  const image = await images.find(text, options)
  const parsed = tryParseReference(text)
  const isNamed = parsed.ok && (await images.imageOf(parsed.value, options)) === image.id
  const source = { fetch: content.fetch, resolve: images.resolve }
  if (!isNamed) return { ...namelessSource(source, image.manifest), store }
  const name = withDefaultTag(parsed.value)
  const manifest = await manifestOfName(store, name, image, options)
  return { ...namedSource(source, await storedTarget(store, name, manifest, options), name), store }
}

async function storedTarget(
  store: LocalStore,
  name: Reference,
  image: Descriptor,
  { signal, ...choice }: OpenCopySourceOptions,
): Promise<Descriptor> {
  if ((choice.platforms ?? []).length > 0) return await store.images.resolve(name, { signal })
  return takesIndex(choice) ? await wholeTarget(store, name, image, { signal }) : image
}

async function openImageOfArchive(
  { file, reference }: Transport & { kind: 'docker-archive' },
  options: AbortOptions,
): Promise<CopySource> {
  const archive = await openDockerArchive(file, options)
  return await closing(archive, async () => {
    const target = await archive.select(reference === undefined ? undefined : formatReference(reference), options)
    const [image, ...others] = archive.images
    const own = others.length > 0 ? [] : (image?.repoTags ?? []).map((tag) => parseReference(tag))
    const [name, ...more] = reference === undefined ? own : [reference]
    const source = { ...namelessSource(archive, target), makesManifests: true }
    return name === undefined ? source : { ...source, ...names(name, more) }
  })
}

/** An image of a Docker Engine, which gives it as a docker-archive. An ID, a digest or the start of an ID gives no name. */
async function openImageOfDaemon(runtime: Runtime, text: string, options: AbortOptions): Promise<CopySource> {
  const daemon = await runtime.openDockerDaemon()
  const image = await daemon.inspect(text, options)
  if (image === undefined) {
    const { DockerNotFoundError } = await import('@drayage/docker-daemon')
    throw new DockerNotFoundError(daemon.host, text)
  }
  const parsed = tryParseReference(text)
  const name = parsed.ok && parsed.value.digest === undefined ? withDefaultTag(parsed.value) : undefined
  const tag = name === undefined ? undefined : image.repoTags.find((each) => isNameOf(name, each))
  const archive = await openDockerArchive(daemon.save([tag ?? image.id], options), options)
  return await closing(archive, async () => {
    if (name === undefined || tag === undefined) {
      return { ...namelessSource(archive, await archive.select(undefined, options)), makesManifests: true }
    }
    const target = await archive.select(formatReference(name), options)
    return { ...namelessSource(archive, target), makesManifests: true, ...names(name) }
  })
}

function isNameOf(name: Reference, text: string): boolean {
  const parsed = tryParseReference(text)
  return parsed.ok && formatReference(parsed.value) === formatReference(name)
}

/** An entry of a layout, with the name that it has there; a tag alone does not tell what repository it belongs to. */
async function layoutEntry(layout: LayoutSource, tag: string | undefined, options: AbortOptions): Promise<CopySource> {
  const target = await layout.select(tag, options)
  const image = layoutEntryName(target)
  const short = target.annotations?.['org.opencontainers.image.ref.name']
  const source = namelessSource(layout, target)
  return { ...source, ...(image !== undefined && names(image)), entryName: short ?? image?.tag }
}

/** What `open` makes of an archive, which is closed with it, and when it fails. */
async function closing(archive: AsyncDisposable, open: () => Promise<CopySource>): Promise<CopySource> {
  try {
    return { ...(await open()), [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() }
  } catch (error) {
    await archive[Symbol.asyncDispose]()
    throw error
  }
}

function namedSource(content: GraphSource, from: Reference | Descriptor, name: Reference): CopySource {
  return { ...opened(content, from), ...names(name), repository: name }
}

function namelessSource(content: GraphSource, from: Descriptor): CopySource {
  const name = parseReference(`unnamed@${from.digest}`)
  return { ...opened(content, from), name, entryName: undefined, imageNames: [] }
}

function opened<F>(content: GraphSource, from: F): OpenedSource<F> {
  return { content, from, makesManifests: false, [Symbol.asyncDispose]: async () => {} }
}

function names(
  name: Reference,
  others: readonly Reference[] = [],
): Pick<CopySource, 'name' | 'entryName' | 'imageNames'> {
  const isName = ({ tag, digest }: Reference): boolean => tag !== undefined && digest === undefined
  return { name, entryName: name.tag, imageNames: [name, ...others].filter(isName) }
}
