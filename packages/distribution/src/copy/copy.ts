import type { AbortOptions } from '@drayage/bytes'
import { canKeepReferrers, writeBlob } from '@drayage/content'
import { manifestKind, type Descriptor } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import { DEFAULT_CONCURRENT_DOWNLOADS } from '../defaults.ts'
import { ReferrersError } from '../errors.ts'
import {
  canFetchNamed,
  canKeepImages,
  canWriteImages,
  type CopySink,
  type GraphSource,
  type LayerMeasurement,
  type NamedFetcher,
} from '../ports.ts'
import { inSink } from '../retry/attempt.ts'
import { throughStore } from '../retry/small-content.ts'
import { copyContext, type CopyContext, type TransferOptions } from './context.ts'
import { selectCopy, type SelectCopyOptions } from './copy-selection.ts'
import { copyToContent } from './receive-content.ts'
import type { CopiedContent } from '../receive/copied-content.ts'
import { copyToStore } from '../receive/receive-image.ts'
import { copyToWriter } from './write-image.ts'
import type { CopySelection } from './selection.ts'

/** Options of {@link copy}. */
export interface CopyOptions extends SelectCopyOptions, TransferOptions {}

/** What is copied, and what it is called where it goes. */
export interface CopyNames {
  readonly from: Reference | Descriptor
  /** Names in the sink; a sink that holds one image without a name ignores them. */
  readonly to: Reference | readonly Reference[]
}

/**
 * Copies what `from` stands for, and all that it needs, and names it `to` in the sink. Every manifest, config and layer
 * keeps its bytes, so no digest changes, except that of an index that is rewritten on request; a manifest is written after
 * all that it refers to. What refers to the content, such as signatures, goes along on request.
 *
 * What a sink can do decides how it is written: a sink of content (a registry, a layout) takes any graph; a sink of images
 * (a local store) takes any graph too, measures layers while they arrive and shows all of it with its names at once; a
 * writer of images (a docker-archive) takes layers in order, one image, and needs `platform` for an index. A store of images
 * keeps the index of what is chosen with `platform`.
 *
 * @returns what `to` stands for afterwards
 * @throws TransferError `ERR_TRANSFER`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for schema 1 from a source that does not tell how large its layers are
 * @throws Schema1NotTakenError `ERR_SCHEMA1_NOT_TAKEN` where the sink takes no schema 1
 * @throws Schema1Error `ERR_SCHEMA1` for one that contradicts itself
 * @throws Schema1RefusedError `ERR_SCHEMA1_REFUSED` where schema 2 is required
 * @throws ImageMismatchError `ERR_IMAGE_MISMATCH` when manifest, config and layers contradict each other
 * @throws DigestChangeError `ERR_DIGEST_CHANGE` where digests are to stay and would not
 * @throws ReferrersError `ERR_REFERRERS` when referrers are to go along and a side knows nothing of them
 * @throws SparseIndexError `ERR_SPARSE_INDEX` when the sink refuses an index without all that it lists
 * @throws WalkLimitError `ERR_WALK_LIMIT` and the errors of `decodeManifest`
 */
export async function copy<M extends LayerMeasurement>(
  source: GraphSource,
  sink: CopySink<M>,
  { from, to }: CopyNames,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const context = copyContext(options, DEFAULT_CONCURRENT_DOWNLOADS)
  const names = 'path' in to ? [to] : to
  assertKeepsReferrers(sink, names, options)
  const choice = canKeepImages(sink) ? { ...options, keepsIndex: true } : options
  const selection = await selectCopy(readThrough(source, sink, context), from, choice)
  await copySelection(selection, sink, names, context)
  return selection.root
}

/** The source as a sink reads it: one that keeps images reads its own manifests, and keeps those that it reads. */
export function readThrough<M extends LayerMeasurement>(
  source: GraphSource,
  sink: CopySink<M>,
  context: CopyContext,
): GraphSource & Partial<NamedFetcher> {
  if (!canKeepImages(sink)) return source
  const { content } = sink
  const keep = (what: Descriptor): Promise<void> => content.keep([what], { signal: context.signal })
  const through = {
    ...throughStore(source, content, { ...context, keep }),
    ...(source.sizeOf !== undefined && { sizeOf: source.sizeOf }),
    resolve: (name: Reference, each?: AbortOptions) => source.resolve(name, each),
  }
  if (!canFetchNamed(source)) return through
  const fetchNamed: NamedFetcher['fetchNamed'] = async (what, name, each) => {
    const named = await source.fetchNamed(what, name, each)
    // A store has schema 1 without its signatures.
    if (manifestKind(what.mediaType) === 'schema1') return named
    await inSink('store', `manifest ${what.digest}`, () => writeBlob(content, what, named.bytes, each), context)
    return named
  }
  return { ...through, fetchNamed }
}

/** Copies what was selected; see {@link copy}. */
export async function copySelection<M extends LayerMeasurement>(
  selection: CopySelection,
  sink: CopySink<M>,
  names: readonly Reference[],
  context: CopyContext,
): Promise<CopiedContent | undefined> {
  if (canKeepImages(sink)) {
    const given = names.map((name) => ({ name }))
    return await copyToStore(selection, sink, given, context)
  }
  if (canWriteImages(sink)) await copyToWriter(selection, sink, names, context)
  else await copyToContent(selection, sink, names, context)
  return undefined
}

/** @throws ReferrersError `ERR_REFERRERS` */
function assertKeepsReferrers(sink: object, [name]: readonly Reference[], { referrers }: SelectCopyOptions): void {
  if (referrers === undefined || canKeepReferrers(sink)) return
  throw new ReferrersError('sink', name === undefined ? 'the image' : formatReference(name))
}
