import { escapeText } from '@drayage/bytes'
import { writeBlob, WalkLimitError, DEFAULT_MAX_WALK_COUNT, DEFAULT_MAX_WALK_DEPTH } from '@drayage/content'
import { digestOf, type Digest } from '@drayage/digest'
import {
  checkLayerCount,
  convertIndex,
  convertManifest,
  decodeImageConfig,
  encodeManifest,
  isManifestType,
  manifestFormat,
  type Converted,
  type DecodedImageManifest,
  type DecodedIndex,
  type DecodedSchema1,
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  type ManifestFormat,
} from '@drayage/manifest'

import { convertOptions, type ConvertContext, type ConvertOptions } from './convert-options.ts'
import { layersToRecompress, plannedLayers, recompressLayers } from './convert-layers.ts'
import { MAX_CONFIG_BYTES } from '../defaults.ts'
import { convertSchema1 } from './convert-schema1.ts'
import { DigestChangeError, Schema1RefusedError } from '../errors.ts'
import { inSink } from '../retry/attempt.ts'
import { readManifest, readSmall } from '../retry/small-content.ts'
import type { BlobStore, GraphSource } from '../ports.ts'

/** What {@link convert} made. */
export interface ConvertedGraph {
  /** What stands for the converted graph; the same as before when there was nothing to convert. */
  readonly root: Descriptor
  /** Gives what was converted from the scratch store, and everything else from where it was. */
  readonly source: GraphSource
}

/** Members that a message names before it only counts the rest. */
const MAX_NAMED = 8

/**
 * Converts an image, or an index with all its images, before it is copied: layers get the compression that is wanted,
 * manifests the format. Schema 1 is always converted, with the config that Docker Engine makes of it, for which its layers are
 * read. Only what changes is written, into `scratch`; a manifest that needs no change keeps its bytes, and
 * configs always do, so images keep their IDs. A layer that is recompressed is checked against its DiffID.
 *
 * A changed manifest has another digest, so signatures and other referrers do not follow it; attestations in an index are
 * left out when the index changes, with a `warning`, as are members that the format has no place for.
 *
 * @throws ManifestConversionError `ERR_MANIFEST_CONVERSION` such as for zstd layers in schema 2
 * @throws UnsupportedConfigError `ERR_CONFIG_UNSUPPORTED` for an artifact that would have to change
 * @throws DigestChangeError `ERR_DIGEST_CHANGE` where digests are to stay and would not
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for schema 1 without `measurer`, or from a source that tells no sizes
 * @throws Schema1Error `ERR_SCHEMA1`
 * @throws Schema1RefusedError `ERR_SCHEMA1_REFUSED`
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH` for a layer that is not the one in the config
 * @throws TransferError `ERR_TRANSFER`, WalkLimitError `ERR_WALK_LIMIT` and the errors of `decodeManifest`
 */
export async function convert(
  source: GraphSource,
  scratch: BlobStore,
  root: Descriptor,
  options: ConvertOptions = {},
): Promise<ConvertedGraph> {
  const made = new Set<Digest>()
  const both: GraphSource = {
    ...(source.sizeOf !== undefined && { sizeOf: source.sizeOf }),
    resolve: (name, each) => source.resolve(name, each),
    fetch: (what, each) => (made.has(what.digest) ? scratch : source).fetch(what, each),
  }
  const converter = new Converter(convertOptions(both, scratch, made, options))
  await converter.assertRoom(root)
  return { root: await converter.convert(root, 0), source: both }
}

/** One conversion: what it has done already it does not do again. */
class Converter {
  readonly #context: ConvertContext
  readonly #done = new Map<Digest, Descriptor>()
  /** What was read to know what room is needed. */
  readonly #read = new Map<Digest, Awaited<ReturnType<typeof readManifest>>>()

  constructor(context: ConvertContext) {
    this.#context = context
  }

  /** Rejects where there is no room for all layers that are to be recompressed. */
  async assertRoom(root: Descriptor): Promise<void> {
    const { assertRoom, recompress, signal } = this.#context
    if (assertRoom === undefined || recompress === undefined) return
    const wanted = new Map<Digest, Descriptor>()
    await this.#plan(root, 0, wanted)
    await assertRoom([...wanted.values()], { signal })
  }

  async #plan(what: Descriptor, depth: number, wanted: Map<Digest, Descriptor>): Promise<void> {
    if (this.#read.has(what.digest)) return
    this.#assertWalk(what, depth, this.#read.size)
    const manifest = await readManifest(this.#context.source, what, this.#context)
    this.#read.set(what.digest, manifest)
    if (manifest.kind === 'index') {
      for (const entry of manifest.value.manifests.filter(isConverted)) await this.#plan(entry, depth + 1, wanted)
    } else if (manifest.kind !== 'schema1') {
      for (const layer of layersToRecompress(manifest.value, this.#context)) wanted.set(layer.digest, layer)
    }
  }

  /**
   * The descriptor of what `what` becomes, with its annotations and platform.
   *
   * @param within the format of the index that it is in
   */
  async convert(what: Descriptor, depth: number, within?: ManifestFormat): Promise<Descriptor> {
    const { digest, mediaType, size } = this.#done.get(what.digest) ?? (await this.#convertOnce(what, depth, within))
    if (digest === what.digest) return what
    const { data: _data, ...rest } = what
    return { ...rest, mediaType, digest, size }
  }

  async #convertOnce(what: Descriptor, depth: number, within?: ManifestFormat): Promise<Descriptor> {
    this.#assertWalk(what, depth, this.#done.size)
    const manifest = this.#read.get(what.digest) ?? (await readManifest(this.#context.source, what, this.#context))
    this.#read.delete(what.digest)
    if (manifest.kind === 'schema1') {
      const descriptor = await this.#convertSchema1(manifest, within)
      this.#done.set(what.digest, descriptor)
      return descriptor
    }
    const format = this.#context.format ?? manifestFormat(manifest.descriptor.mediaType) ?? 'oci'
    const isOfFormat = manifestFormat(manifest.descriptor.mediaType) === format
    const converted =
      manifest.kind === 'index'
        ? await this.#convertIndex(manifest, format, isOfFormat, depth)
        : await this.#convertImage(manifest, format, isOfFormat)
    const descriptor = converted === undefined ? what : await this.#store(what, converted)
    this.#done.set(what.digest, descriptor)
    return descriptor
  }

  #assertWalk(what: Descriptor, depth: number, count: number): void {
    if (depth > DEFAULT_MAX_WALK_DEPTH) throw new WalkLimitError(what.digest, 'maxDepth', DEFAULT_MAX_WALK_DEPTH)
    if (count >= DEFAULT_MAX_WALK_COUNT) throw new WalkLimitError(what.digest, 'maxCount', DEFAULT_MAX_WALK_COUNT)
  }

  /** The image of a schema 1 manifest, in the format that is asked for, else in that of its index. */
  async #convertSchema1(manifest: DecodedSchema1, within: ManifestFormat | undefined): Promise<Descriptor> {
    const { requireSchema2, schema1Format, format = within ?? schema1Format } = this.#context
    if (requireSchema2) throw new Schema1RefusedError(manifest.descriptor.digest)
    this.#assertMayChange(manifest.descriptor)
    const image = await convertSchema1(manifest, this.#context)
    const converted = await this.#convertImage(image, format, format === 'v2s2')
    return await this.#store(image.descriptor, converted ?? { value: image.value, dropped: [] })
  }

  async #convertImage(
    manifest: DecodedImageManifest,
    format: ManifestFormat,
    isOfFormat: boolean,
  ): Promise<Converted<ImageManifest> | undefined> {
    const { value } = manifest
    const changing = layersToRecompress(value, this.#context)
    if (changing.length === 0 && isOfFormat) return undefined
    this.#assertMayChange(manifest.descriptor)
    if (changing.length === 0) return convertManifest(value, format)
    // What the format cannot hold is refused before anything is compressed.
    convertManifest({ ...value, layers: plannedLayers(value, changing, this.#context) }, format)
    const reading = { ...this.#context, kind: 'image config', maxBytes: MAX_CONFIG_BYTES }
    const config = decodeImageConfig(await readSmall(this.#context.source, value.config, reading), {
      digest: value.config.digest,
      // Only its layers are read here; whoever takes the image judges the rest.
      anyCase: true,
    })
    const diffIds = checkLayerCount(value, config.value)
    const layers = await recompressLayers(manifest, diffIds, changing, this.#context)
    return convertManifest({ ...value, layers }, format)
  }

  async #convertIndex(
    { descriptor, value }: DecodedIndex,
    format: ManifestFormat,
    isOfFormat: boolean,
    depth: number,
  ): Promise<Converted<ImageIndex> | undefined> {
    const manifests: Descriptor[] = []
    const attestations = value.manifests.filter(isAttestation)
    for (const entry of value.manifests) {
      if (isAttestation(entry)) continue
      manifests.push(isConverted(entry) ? await this.convert(entry, depth + 1, format) : entry)
    }
    const images = value.manifests.filter((entry) => !attestations.includes(entry))
    if (isOfFormat && manifests.every(({ digest }, index) => digest === images[index]?.digest)) return undefined
    this.#assertMayChange(descriptor)
    const { value: converted, dropped } = convertIndex({ ...value, manifests }, format)
    return { value: converted, dropped: [...attestations.map(({ digest }) => `attestation ${digest}`), ...dropped] }
  }

  #assertMayChange({ digest }: Descriptor): void {
    if (this.#context.preserveDigests) throw new DigestChangeError(digest, 'its format or compression changes')
  }

  async #store(what: Descriptor, { value, dropped }: Converted<ImageManifest | ImageIndex>): Promise<Descriptor> {
    const { scratch, made, onEvent, signal } = this.#context
    const bytes = encodeManifest(value)
    const digest = digestOf(bytes)
    const descriptor: Descriptor = { mediaType: value.mediaType ?? what.mediaType, digest, size: bytes.byteLength }
    const write = async (): Promise<unknown> => await writeBlob(scratch, descriptor, bytes, { signal })
    await inSink('store', `manifest ${digest}`, write, this.#context)
    made.add(digest)
    if (dropped.length > 0) {
      const named = dropped
        .slice(0, MAX_NAMED)
        .map((member) => escapeText(member, 120))
        .join(', ')
      const more = dropped.length > MAX_NAMED ? ` and ${dropped.length - MAX_NAMED} more` : ''
      onEvent({ type: 'warning', message: `the converted ${what.digest} is without ${named}${more}` })
    }
    return descriptor
  }
}

/** Whether an entry of an index is converted with it. */
function isConverted(entry: Descriptor): boolean {
  return isManifestType(entry.mediaType) && !isAttestation(entry)
}

/**
 * Whether an entry of an index is what a builder says of another entry. It names that by its digest, so it is of no use
 * beside a converted one.
 */
function isAttestation({ annotations, platform }: Descriptor): boolean {
  return (
    annotations?.['vnd.docker.reference.type'] !== undefined ||
    (platform?.os === 'unknown' && platform.architecture === 'unknown')
  )
}
