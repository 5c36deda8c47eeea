import {
  copy,
  copyContext,
  copySelection,
  DEFAULT_CONCURRENT_DOWNLOADS,
  holdsSchema1,
  isDistributionError,
  pushSchema1,
  selectCopy,
  type CopySelection,
  type DistributionError,
  type Place,
  type PlacedImage,
  type PlaceSink,
  type PlaceSource,
  type PlaceTarget,
  type TransferOptions,
} from '@drayage/distribution'
import { manifestKind, type Descriptor } from '@drayage/manifest'

import type { Runtime } from '../runtime.ts'
import { TransportError } from '../errors.ts'
import { parseSource, parseTarget, transportsOf } from '../places/transports.ts'
import { assertTakes } from './assert-takes.ts'
import { afterConversion, convertCopySource, type ConvertCopyOptions } from './convert-copy-source.ts'
import { assertWhole } from './assert-whole.ts'
import { choiceOf, takesIndex, type ChoiceOptions } from './copy-choice.ts'
import { foreignLayersOf } from './foreign-layers.ts'
import type { CopyImageOptions } from './copy-options.ts'

/**
 * Copies an image between places: `docker://REF`, `store:REF`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`,
 * `docker-archive:FILE[:REF]`, `docker-oci-archive:FILE[:REF]`, `dir:DIR`, `docker-daemon:REF`, and those of other
 * transports of the runtime. Digests do not change, except that a docker-archive and a Docker Engine hold the layers
 * uncompressed and no manifest; an image from one without its original manifest gets a manifest made for it. The copy has
 * the name that its source has, where the target can hold it, unless the target says another; a source by ID or digest
 * gives none.
 *
 * @returns what was copied
 * @throws UnknownPlaceError `ERR_PLACE_UNKNOWN` for a place of no known kind
 * @throws TransportError `ERR_TRANSPORT` for a place that cannot be used that way
 * @throws ArchiveExistsError `ERR_ARCHIVE_EXISTS` for an archive that exists
 * @throws ArchiveSelectionError `ERR_ARCHIVE_SELECTION` for an image that the source does not hold, or one of several
 * @throws DockerDaemonError `ERR_DOCKER_*`, any of `@drayage/docker-daemon`
 * @throws DirImageError `ERR_DIR_IMAGE` for a directory that cannot be read, or that holds something already
 * @throws LayoutError `ERR_LAYOUT`
 * @throws DigestChangeError `ERR_DIGEST_CHANGE` where digests are to stay and would not
 * @throws ReferrersError `ERR_REFERRERS` for a source that knows no referrers, when they are to go along
 * @throws SparseIndexError `ERR_SPARSE_INDEX` when the target refuses a sparse index
 * @throws IndexIncompleteError `ERR_INDEX_INCOMPLETE` for a full index of the store that the target would not have all of
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` and the other errors of `convert`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws TransferError `ERR_TRANSFER` and the other errors of `copy`
 */
export async function copyImage(
  runtime: Runtime,
  source: string,
  target: string,
  options: CopyImageOptions = {},
): Promise<Descriptor> {
  const [copied] = await copyImages(runtime, [source], target, options)
  if (copied === undefined) throw new RangeError(`Cannot copy ${JSON.stringify(source)}: nothing was copied`)
  return copied
}

/**
 * Copies images to one place, one after another: as `copyImage` does, and several to a layout, an archive of any
 * kind, to `store:`, `docker-daemon:` or a registry's prefix such as `docker://host/team/`, where each keeps the last part
 * of its name and its tag. In a layout and an oci-archive several images have their full names. What several share is read and sent once. The
 * first failure ends it; what is copied by then stays, except that an archive, also for a Docker Engine, is whole or not
 * there.
 *
 * @returns what was copied, in the order of the sources
 * @throws TransportError `ERR_TRANSPORT` for a place that does not take several images, or takes no image without a name
 * @throws the errors of `copyImage`
 */
export async function copyImages(
  runtime: Runtime,
  sources: readonly string[],
  target: string,
  options: CopyImageOptions = {},
): Promise<Descriptor[]> {
  if (sources.length === 0) throw new RangeError('Cannot copy images: there are none, expected at least one')
  const from = sources.map((source) => parseSource(runtime, source))
  const to = writable(runtime, parseTarget(runtime, target), from.length)
  const working = { ...options, keepsIndex: to.holds.keepsIndex === true }
  assertTakes(to, target, working)
  const opening = { isForSeveral: from.length > 1, signal: options.signal }
  if (to.isWhole === true) return await copyToWhole(runtime, from, to, working)
  const copied: Descriptor[] = []
  await using sink = await to.open(opening)
  for (const place of from) {
    await using opened = await openSource(place, working)
    await assertWhole(runtime, opened, to, working)
    await using source = await convertCopySource(runtime, opened, working)
    copied.push(await copyOne(runtime, source, sink, { ...working, schema1Format: to.holds.format ?? 'v2s2' }))
  }
  return copied
}

/** Copies to a place that is whole at its end: it is begun once all images are known. */
async function copyToWhole(
  runtime: Runtime,
  from: readonly Place[],
  to: PlaceTarget,
  options: ChoiceOptions,
): Promise<Descriptor[]> {
  const { signal } = options
  const opened: PlaceSource[] = []
  try {
    const images: { readonly source: PlaceSource; readonly selection: CopySelection }[] = []
    for (const place of from) {
      const one = await openSource(place, options)
      opened.push(one)
      await assertWhole(runtime, one, to, options)
      const select = async (wanted: ConvertCopyOptions) => {
        const source = await convertCopySource(runtime, one, wanted)
        opened.push(source)
        const choice = choiceOf(runtime, source, afterConversion(wanted))
        const selection = await selectCopy(source.content, source.from, {
          ...settings(runtime, wanted, source),
          ...choice,
        })
        return { source, selection }
      }
      const image = await select(options)
      // Such a place has no room for schema 1.
      const isSchema1 = await holdsSchema1(image.selection, { signal })
      images.push(isSchema1 ? await select({ ...options, schema1Format: to.holds.format ?? 'v2s2' }) : image)
    }
    await using sink = await to.open({ isForSeveral: from.length > 1, signal })
    for (const { source, selection } of images) {
      const placed = await sink.place(source)
      if ('present' in placed) continue
      const context = copyContext(
        { ...settings(runtime, options, source), ...placed.options },
        DEFAULT_CONCURRENT_DOWNLOADS,
      )
      await copySelection(selection, placed.sink, placed.names, context)
      await placed.complete?.()
    }
    await sink.finish?.({ signal })
    return images.map(({ selection }) => selection.root)
  } finally {
    for (const source of opened) await source[Symbol.asyncDispose]()
  }
}

/** Copies one opened image; schema 1 is converted to `schema1Format` where the place does not take it. */
export async function copyOne(
  runtime: Runtime,
  source: PlaceSource,
  to: PlaceSink,
  { schema1Format = 'v2s2', ...options }: ConvertCopyOptions,
): Promise<Descriptor> {
  const placed = await to.place(source)
  if ('present' in placed) return placed.present
  const copied = await copyTo(runtime, source, placed, options).catch(async (error: unknown) => {
    const { format, preserveDigests, onEvent } = options
    if (!isSchema1NotTaken(error) || format !== undefined || preserveDigests === true) throw error
    if (error.cause !== undefined) onEvent?.({ type: 'warning', message: `${error.message}; it gets schema 2` })
    const wanted = { ...options, schema1Format }
    await using converted = await convertCopySource(runtime, source, wanted)
    return await copyTo(runtime, converted, placed, wanted)
  })
  await placed.complete?.()
  return copied
}

async function copyTo(
  runtime: Runtime,
  source: PlaceSource,
  placed: Extract<PlacedImage, { readonly sink: unknown }>,
  options: ConvertCopyOptions,
): Promise<Descriptor> {
  const { content, from } = source
  const { sink, names } = placed
  const transfer = { ...settings(runtime, options, source), ...placed.options }
  const [name] = names
  const choice = choiceOf(runtime, source, afterConversion(options))
  const isSchema1 = options.format === 'v2s1' && 'mediaType' in from && manifestKind(from.mediaType) !== 'schema1'
  return isSchema1 && name !== undefined && 'tag' in sink
    ? await pushSchema1(content, sink, { from, to: name }, transfer)
    : await copy(content, sink, { from, to: names }, { ...transfer, ...choice })
}

function isSchema1NotTaken(error: unknown): error is DistributionError & { readonly code: 'ERR_SCHEMA1_NOT_TAKEN' } {
  return isDistributionError(error) && error.code === 'ERR_SCHEMA1_NOT_TAKEN'
}

/** Opens a place that an image is copied from. @throws TransportError `ERR_TRANSPORT` for one that cannot be read */
export async function openSource(place: Place, options: ChoiceOptions): Promise<PlaceSource> {
  if (place.openSource === undefined) throw new TransportError('copy from', place.text, 'such a place cannot be read')
  const { platforms, preserveDigests = false, signal } = options
  const wanted = { takesIndex: takesIndex(options), preserveDigests, ...(platforms && { platforms }) }
  return await place.openSource({ ...wanted, signal })
}

/** @throws TransportError `ERR_TRANSPORT` for a place that cannot be written, or does not take as many images */
export function writable(runtime: Runtime, { text, target }: Place, count: number): PlaceTarget {
  if (target === undefined) throw new TransportError('copy to', text, 'such a place cannot be written')
  if (count === 1 || target.holds.several) return target
  const places = transportsOf(runtime)
    .flatMap(({ severalSyntax }) => severalSyntax ?? [])
    .join(', ')
  throw new TransportError('copy several images to', text, `it takes one, expected a place for several: ${places}`)
}

function settings(
  runtime: Runtime,
  { signal, onEvent }: CopyImageOptions,
  { isRemote = false, repository }: PlaceSource,
): TransferOptions {
  const { retry, transfers, requireSchema2 } = runtime
  const foreignLayers = foreignLayersOf(runtime, repository?.domain)
  return { signal, onEvent, retry, transfers, foreignLayers, anyCase: !isRemote, requireSchema2 }
}
