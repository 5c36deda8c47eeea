import { canKeepReferrers, canPutTagged } from '@drayage/content'
import { manifestKind, type Descriptor } from '@drayage/manifest'
import { formatReference, type Reference, type Repository } from '@drayage/reference'
import { createTransferManager, type TransferManager } from '@drayage/transfer'

import { retryingSmall, type CopyContext } from './copy-context.ts'
import { copyGraph, restoring } from './copy-graph.ts'
import { selectCopy, type CopySelection, type SelectCopyOptions } from './copy-selection.ts'
import { DEFAULT_CONCURRENT_DOWNLOADS } from './defaults.ts'
import { ReferrersError } from './errors.ts'
import type { LayerState } from './events.ts'
import { inSink } from './in-sink.ts'
import type { GraphSink, GraphSource } from './ports.ts'
import { DEFAULT_RETRY_POLICY } from './retry-policy.ts'
import { trySink } from './try-sink.ts'

/** Options of {@link copy}. */
export interface CopyOptions extends SelectCopyOptions {
  /**
   * Names repositories of the sink's registry that may hold a blob, the likeliest first. A sink that can mount takes it
   * from there; at most {@link MAX_MOUNT_TRIES} are tried, fewer for small blobs, and none by default.
   */
  readonly mountFrom?: (blob: Descriptor) => Promise<readonly Repository[]>
  /** Told of each repository that the sink does not mount a blob from. */
  readonly onMountRefused?: (blob: Descriptor, from: Repository) => Promise<void>
  /** By default a manager of this copy alone with three blobs at a time. */
  readonly transfers?: TransferManager<LayerState>
}

/**
 * Copies what `from` stands for, and all that it needs, and names it `to` in the sink. Every manifest, config and layer
 * keeps its bytes, so no digest changes, except that of an index that is rewritten on request; a manifest is written after
 * all that it refers to. What refers to the content, such as signatures, goes along on request.
 *
 * @returns what `to` stands for afterwards
 * @throws TransferError `ERR_TRANSFER`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for a schema 1 manifest
 * @throws DigestChangeError `ERR_DIGEST_CHANGE` where digests are to stay and would not
 * @throws ReferrersError `ERR_REFERRERS` when referrers are to go along and a side knows nothing of them
 * @throws SparseIndexError `ERR_SPARSE_INDEX` when the sink refuses an index without all that it lists
 * @throws WalkLimitError `ERR_WALK_LIMIT` and the errors of `decodeManifest`
 */
export async function copy(
  source: GraphSource,
  sink: GraphSink,
  names: { readonly from: Reference | Descriptor; readonly to: Reference },
  options: CopyOptions = {},
): Promise<Descriptor> {
  const context: CopyContext = {
    signal: options.signal,
    onEvent: options.onEvent ?? ((): void => {}),
    transfers: options.transfers ?? createTransferManager<LayerState>({ limit: DEFAULT_CONCURRENT_DOWNLOADS }),
    retry: options.retry ?? DEFAULT_RETRY_POLICY,
    mountFrom: options.mountFrom ?? (async () => []),
    onMountRefused: options.onMountRefused ?? (async () => {}),
    rootName: undefined,
    isRestoring: false,
  }
  const { signal } = context
  if (options.referrers !== undefined && !canKeepReferrers(sink)) {
    throw new ReferrersError('sink', formatReference(names.to))
  }
  const selection = await selectCopy(source, names.from, options)
  const { root, referrers, tags } = selection
  // What goes along is to be known before the name shows the image.
  const isAlone = referrers.length === 0 && tags.length === 0
  if (isAlone && manifestKind(root.mediaType) !== undefined && canPutTagged(sink)) {
    await copyGraph(selection, sink, { ...context, rootName: names.to })
    return root
  }
  await copyGraph(selection, sink, context)
  await keepCompany(selection, sink, names.to, context)
  const to = `"${formatReference(names.to)}"`
  const tag = (): Promise<void> => inSink('tag', to, () => sink.tag(root, names.to, { signal }), context)
  await restoring(selection, sink, context, () => trySink(tag, retryingSmall(to, context)))
  return root
}

/** Makes what goes along known in the sink, before the name shows the image. */
async function keepCompany(
  { referrers, tags }: CopySelection,
  sink: GraphSink,
  { domain, path }: Repository,
  context: CopyContext,
): Promise<void> {
  const { signal } = context
  for (const [subject, all] of Map.groupBy(referrers, (each) => each.subject)) {
    if (!canKeepReferrers(sink)) break
    const what = `referrers of ${subject}`
    const keep = (): Promise<void> =>
      sink.keepReferrers(
        subject,
        all.map((each) => each.what),
        { signal },
      )
    await trySink(() => inSink('store', what, keep, context), retryingSmall(what, context))
  }
  for (const { what, tag } of tags) {
    const name: Reference = { domain, path, tag }
    const shown = `"${formatReference(name)}"`
    await trySink(
      () => inSink('tag', shown, () => sink.tag(what, name, { signal }), context),
      retryingSmall(shown, context),
    )
  }
}
