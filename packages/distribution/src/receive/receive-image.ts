import type { Digest } from '@drayage/digest'
import { manifestKind, withSignedBytes, type Descriptor } from '@drayage/manifest'

import type { CopyContext } from '../copy/context.ts'
import { copyGraph } from '../copy/copy-graph.ts'
import { withForeignLayers } from '../copy/foreign-layers.ts'
import type { CopySelection } from '../copy/selection.ts'
import { NotAnImageError } from '../errors.ts'
import type { ImageName, ImageSink, LayerMeasurement, OtherContent, PulledImage } from '../ports.ts'
import { inSink } from '../retry/attempt.ts'
import { readManifest } from '../retry/small-content.ts'
import { withEmptyLayer } from '../schema1/read-schema1.ts'
import type { CopiedContent, CopiedImage } from './copied-content.ts'
import { settleCompanions } from './settle-companions.ts'
import { StoreTransfer } from './store-transfer.ts'

/**
 * Copies a selection into a store of images, and names it there: the configs and layers of all images side by side, each
 * layer once, inflated and hashed while it arrives; then everything is checked against each other, the layers are
 * registered bottom to top, and all of it becomes visible together with the names. Images that are there whole are only
 * listed. Attestations and artifacts are kept as content; an attestation that is not there does not keep its image away.
 *
 * The names stand for what the source's name stands for, also where only some of an index comes, unless the index was made
 * anew. Of schema 1, the image gets the config that Docker Engine makes, and a manifest for that; the signed one is kept
 * too, when the name stands for it.
 *
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH`
 * @throws LayerCountError `ERR_LAYER_COUNT`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for what is no manifest, and for more of them than can be held
 * @throws Schema1Error `ERR_SCHEMA1`
 * @throws UnsupportedSystemError `ERR_SYSTEM_UNSUPPORTED`
 */
export async function copyToStore<M extends LayerMeasurement>(
  given: CopySelection,
  store: ImageSink<M>,
  names: readonly ImageName[],
  context: CopyContext,
): Promise<CopiedContent> {
  const { root, made } = given
  if (manifestKind(root.mediaType) === undefined) throw new NotAnImageError(root.digest, root.mediaType)
  const target = made.has(root.digest) ? root : given.original
  const { selection, companions, wereHere } = await settleCompanions(given, store.content, context)
  const source = withForeignLayers(withEmptyLayer(selection.source), context.foreignLayers)
  const transfer = new StoreTransfer(store, { source, target: target.digest, companions })
  try {
    await copyGraph(selection, transfer, context)
    await putArrivals(await withSignature(target, selection, context), transfer, store, { names, context })
  } finally {
    await transfer.layers.discard()
  }
  const arrivals = [...transfer.arrivals.values()]
  const content = new Map(arrivals.flatMap((each) => each.content).map((what) => [what.digest, what]))
  const isPresent = wereHere && arrivals.every(({ isNew }) => !isNew)
  if (!isPresent) await context.onArrived([...content.set(target.digest, target).values()])
  return { target, images: imagesOf(selection, transfer), isPresent }
}

interface PutOptions {
  readonly names: readonly ImageName[]
  readonly context: CopyContext
}

/** Registers the layers of what arrived, and makes all of it visible. */
async function putArrivals<M extends LayerMeasurement>(
  target: Descriptor,
  { arrivals, layers }: StoreTransfer<M>,
  store: ImageSink<M>,
  { names, context }: PutOptions,
): Promise<void> {
  const images: PulledImage[] = []
  const present: Descriptor[] = []
  const others: OtherContent[] = []
  for (const { image, whole, other } of arrivals.values()) {
    if (image !== undefined && whole !== undefined) {
      await layers.register(image.id, whole.layers, context)
      const { manifest, config } = whole
      images.push({ id: image.id, manifest: manifest.descriptor, config, layers: manifest.value.layers })
    } else if (image !== undefined) {
      present.push(image.manifest)
    }
    // An index that names stand for is known by them.
    const isTarget = other?.manifest.digest === target.digest
    const isEmpty = isTarget && other.parts.length === 0 && arrivals.size > 1
    if (other !== undefined && !isEmpty) others.push(other)
  }
  const received = { target, images, present, others }
  const put = (): Promise<void> => store.images.putImages(received, names, { signal: context.signal })
  await inSink('store', `image ${images[0]?.id ?? target.digest}`, put, context)
}

/** A target in schema 1 says where its signed bytes are. */
async function withSignature(
  target: Descriptor,
  { root, source }: CopySelection,
  context: CopyContext,
): Promise<Descriptor> {
  if (manifestKind(root.mediaType) !== 'schema1' || root.digest !== target.digest) return target
  const signed = await readManifest(source, root, context)
  return signed.kind === 'schema1' ? withSignedBytes(target, signed.received) : target
}

/** Those that were chosen in their order, otherwise all as they are listed. */
function imagesOf<M extends LayerMeasurement>(
  { chosen }: CopySelection,
  { arrivals }: StoreTransfer<M>,
): readonly CopiedImage[] {
  const wanted: Iterable<Digest> = chosen?.map(({ digest }) => digest) ?? arrivals.keys()
  return [...wanted].flatMap((digest) => arrivals.get(digest)?.image ?? [])
}
