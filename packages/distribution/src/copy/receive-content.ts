import type { AbortOptions } from '@drayage/bytes'
import { canKeepReferrers, canPutSigned, canPutTagged, isRetryable, problemOf, writeBlob } from '@drayage/content'
import { manifestKind, type DecodedManifest, type DecodedSchema1, type Descriptor } from '@drayage/manifest'
import { formatReference, type Reference, type Repository } from '@drayage/reference'

import { Schema1NotTakenError, SparseIndexError, TransferError } from '../errors.ts'
import { canExpect, canPutRoot, needsAllLayers, type GraphSink } from '../ports.ts'
import { atSink, hasInSink } from '../retry/attempt.ts'
import { withEmptyLayer } from '../schema1/read-schema1.ts'
import type { CopyContext } from './context.ts'
import { copyGraph, type Receiver } from './copy-graph.ts'
import { copyLeaf } from './copy-leaf.ts'
import { isSkipped, staysElsewhere, withForeignLayers } from './foreign-layers.ts'
import { isLeftOut } from './walk-selection.ts'
import { restoring } from './restoring.ts'
import type { CopySelection } from './selection.ts'

/**
 * Copies a selection into a sink of content and names its root: blobs, manifests, what keeps the referrers known, the tags
 * that go along, and last the names, so that a name never shows less than it should.
 *
 * @throws SparseIndexError `ERR_SPARSE_INDEX` when the sink refuses an index that lists what is left out
 */
export async function copyToContent(
  selection: CopySelection,
  sink: GraphSink,
  names: readonly Reference[],
  context: CopyContext,
): Promise<void> {
  const { root, referrers, tags } = selection
  const [first, ...others] = names
  const arrived: Descriptor[] = []
  // What goes along is to be known before the name shows the image.
  const isAlone = referrers.length === 0 && tags.length === 0
  const putsName = first !== undefined && isAlone && manifestKind(root.mediaType) !== undefined && canPutTagged(sink)
  const transfer = new ContentTransfer(selection, sink, { rootName: putsName ? first : undefined, arrived })
  await copyGraph(selection, transfer, context)
  await keepReferrers(selection, sink, context)
  const repository = first ?? selection.tagsIn
  if (repository !== undefined) await tagReferrers(selection, sink, repository, context)
  if (canPutRoot(sink)) {
    const keep = (): Promise<void> => sink.putRoot(root, { signal: context.signal })
    await atSink('store', `image ${root.digest}`, keep, context)
  }
  for (const name of putsName ? others : names) {
    const to = `"${formatReference(name)}"`
    const tag = (): Promise<void> => sink.tag(root, name, { signal: context.signal })
    await withParts(selection, sink, context, () => atSink('tag', to, tag, context))
  }
  await context.onArrived(arrived)
}

interface ContentTransferOptions {
  /** What the root is called, where the sink stores it with its name, and by nothing but that. */
  readonly rootName?: Reference | undefined
  /** What the sink has now; nothing when content is restored, as it was reported before. */
  readonly arrived?: Descriptor[]
  /** A manifest that is put by the caller, once its parts are there. */
  readonly later?: Descriptor | undefined
}

/** Takes a graph into a sink of content. */
class ContentTransfer implements Receiver {
  readonly #selection: CopySelection
  readonly #sink: GraphSink
  readonly #rootName: Reference | undefined
  readonly #arrived: Descriptor[] | undefined
  readonly #later: Descriptor | undefined

  constructor(selection: CopySelection, sink: GraphSink, { rootName, arrived, later }: ContentTransferOptions) {
    this.#selection = selection
    this.#sink = sink
    this.#rootName = rootName
    this.#arrived = arrived
    this.#later = later
  }

  async expect(
    { kind, descriptor }: DecodedManifest,
    blobs: readonly Descriptor[],
    { foreignLayers }: CopyContext,
  ): Promise<readonly Descriptor[]> {
    if (kind === 'schema1' && !canPutSigned(this.#sink)) throw new Schema1NotTakenError(descriptor)
    const coming = needsAllLayers(this.#sink) ? blobs : blobs.filter((blob) => !isSkipped(blob, foreignLayers))
    if (canExpect(this.#sink)) this.#sink.expect([...coming, descriptor])
    return blobs
  }

  async bring(blob: Descriptor, context: CopyContext): Promise<void> {
    const isRestoring = this.#arrived === undefined
    const { foreignLayers } = context
    const source = withForeignLayers(withEmptyLayer(this.#selection.source), foreignLayers)
    // What the sink turned out to need is not left out.
    const canSkip = !isRestoring && !needsAllLayers(this.#sink)
    const skip = (): void => context.onEvent({ type: 'layer', digest: blob.digest, layer: { state: 'skipped' } })
    if (canSkip && isSkipped(blob, foreignLayers)) return skip()
    try {
      await copyLeaf(source, this.#sink, blob, { ...context, isRestoring })
    } catch (error) {
      if (canSkip && staysElsewhere(blob, foreignLayers, error)) return skip()
      throw error
    }
    this.#arrived?.push(blob)
  }

  async put(manifest: DecodedManifest, context: CopyContext): Promise<void> {
    const { descriptor } = manifest
    if (descriptor.digest === this.#later?.digest) return
    const write = (): Promise<void> => this.#write(manifest, context)
    if (this.#arrived === undefined) await write()
    else await withParts(partOf(this.#selection, descriptor), this.#sink, context, write, descriptor)
    this.#arrived?.push(descriptor)
  }

  async #write(manifest: DecodedManifest, context: CopyContext): Promise<void> {
    const sink = this.#sink
    const { signal } = context
    const { descriptor, bytes } = manifest
    const name = descriptor.digest === this.#selection.root.digest ? this.#rootName : undefined
    const put = async (options: AbortOptions): Promise<void> => {
      if (manifest.kind === 'schema1') await putSigned(sink, manifest, name, options)
      else if (name !== undefined && canPutTagged(sink)) await sink.putTagged(descriptor, bytes, name, options)
      else if (!(await hasInSink(sink, descriptor, options))) await writeBlob(sink, descriptor, bytes, options)
    }
    // By its digest alone, it is written once for all who want it there at the same time.
    const shared = context.transfers.scope(sink)
    const write = async (): Promise<void> =>
      name === undefined
        ? await shared.run(`manifest ${descriptor.digest}`, put, { signal, needsSlot: false })
        : await put({ signal })
    try {
      await atSink('store', `manifest ${descriptor.digest}`, write, context)
    } catch (error) {
      signal?.throwIfAborted()
      if (manifest.kind === 'schema1' && isRefusal(error)) throw new Schema1NotTakenError(descriptor, { cause: error })
      const leftOut = (child: Descriptor): boolean => isLeftOut(this.#selection, child)
      const isSparse = manifest.kind === 'index' && manifest.value.manifests.some(leftOut)
      if (!isSparse || !(error instanceof TransferError) || isRetryable(error.cause)) throw error
      throw new SparseIndexError(descriptor.digest, error.cause)
    }
  }
}

/** Whether the sink has answered that it does not want what it was given, and lacks no part of it. */
function isRefusal(error: unknown): boolean {
  return error instanceof TransferError && problemOf(error) === undefined && !isRetryable(error.cause)
}

async function putSigned(
  sink: GraphSink,
  { descriptor, received }: DecodedSchema1,
  name: Reference | undefined,
  options: AbortOptions,
): Promise<void> {
  if (name === undefined && (await sink.has(descriptor, options))) return
  if (canPutSigned(sink)) await sink.putSigned(descriptor, received, name, options)
}

/** Does work that needs all that is selected in the sink, but for a manifest that it puts `later`; see {@link restoring}. */
async function withParts(
  selection: CopySelection,
  sink: GraphSink,
  context: CopyContext,
  work: () => Promise<void>,
  later?: Descriptor,
): Promise<void> {
  const restore = (): Promise<void> => copyGraph(selection, new ContentTransfer(selection, sink, { later }), context)
  await restoring(`manifest ${selection.root.digest}`, work, restore, context)
}

/** One manifest of a selection, with all that it needs. */
function partOf(selection: CopySelection, root: Descriptor): CopySelection {
  return { ...selection, root, referrers: [], tags: [] }
}

/** Makes the referrers that go along known in the sink. */
async function keepReferrers(selection: CopySelection, sink: GraphSink, context: CopyContext): Promise<void> {
  const { referrers } = selection
  const { signal } = context
  for (const [subject, all] of Map.groupBy(referrers, (each) => each.subject)) {
    if (!canKeepReferrers(sink)) return
    const listed = all.map(({ what }) => what)
    const keep = (): Promise<void> => sink.keepReferrers(subject, listed, { signal })
    await withParts(selection, sink, context, () => atSink('store', `referrers of ${subject}`, keep, context))
  }
}

/** Gives the tags that go along, such as those of cosign. */
async function tagReferrers(
  selection: CopySelection,
  sink: GraphSink,
  { domain, path }: Repository,
  context: CopyContext,
): Promise<void> {
  for (const { what, tag } of selection.tags) {
    const name: Reference = { domain, path, tag }
    const give = (): Promise<void> => sink.tag(what, name, { signal: context.signal })
    const tagged = (): Promise<void> => atSink('tag', `"${formatReference(name)}"`, give, context)
    await withParts(partOf(selection, what), sink, context, tagged)
  }
}
