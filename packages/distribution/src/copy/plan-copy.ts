import { forEachOf } from '@drayage/bytes'
import { canMount, type Checker, type Fetcher } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { formatReference, type Reference } from '@drayage/reference'

import type { CopyOptions } from './copy.ts'
import { selectCopy } from './copy-selection.ts'
import { copyContext } from './context.ts'
import { DEFAULT_CONCURRENT_DOWNLOADS, PLAN_REQUESTS } from '../defaults.ts'
import { settleCompanions } from '../receive/settle-companions.ts'
import { atSink, hasInSink } from '../retry/attempt.ts'
import { readManifestBytes } from '../retry/small-content.ts'
import { describeLayers } from '../schema1/read-schema1.ts'
import type { GraphSource } from '../ports.ts'
import { isSkipped } from './foreign-layers.ts'
import { walkSelection } from './walk-selection.ts'
import type { CopySelection } from './selection.ts'

/**
 * What a copy would do with a piece of content: nothing, since it `exists`; take it from another repository of the sink's
 * registry (`mount`, or `copy` where that fails); `copy` it from the source; or `rewrite` it.
 */
export type PlannedAction = 'exists' | 'mount' | 'copy' | 'rewrite'

/** A piece of content in a plan. */
export interface PlannedContent {
  readonly kind: 'manifest' | 'blob'
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  readonly action: PlannedAction
  /** The path of the repository that it would be mounted from. */
  readonly from?: string
  /** The manifest that it refers to, when that is why it goes along. */
  readonly subject?: Digest
}

/** How much of a plan has one action. */
export interface PlannedTotal {
  readonly count: number
  readonly bytes: number
}

/** What a copy would do. */
export interface CopyPlan {
  /** What is copied: a name, or a digest. */
  readonly from: string
  readonly to: string
  /** What the copy's name would stand for. */
  readonly root: Descriptor
  /** In the order in which a copy meets it: what others refer to first. */
  readonly content: readonly PlannedContent[]
  /** Tags that go along with their manifests. */
  readonly tags: readonly string[]
  readonly totals: Readonly<Record<PlannedAction, PlannedTotal>>
}

/**
 * Tells what {@link copy} would do, and does nothing: manifests are read, and the sink is asked what it has. For a store of
 * images `keepsIndex` is to be set, as a copy to it does.
 *
 * @throws the errors of {@link copy}, as far as they show without writing
 */
export async function planCopy(
  source: GraphSource,
  sink: Checker,
  names: { readonly from: Reference | Descriptor; readonly to: Reference | string },
  options: CopyOptions = {},
): Promise<CopyPlan> {
  const selected = await selectCopy(source, names.from, options)
  const context = copyContext(options, DEFAULT_CONCURRENT_DOWNLOADS)
  const settled = options.keepsIndex === true ? await settleCompanions(selected, undefined, context) : undefined
  const selection = settled?.selection ?? selected
  const steps = await stepsOf(selection, options)
  const subjects = new Map(selection.referrers.map(({ what, subject }) => [what.digest, subject]))
  const content = steps.map((step): PlannedContent => planned(step, subjects, 'copy'))
  const check = async ([at, step]: [number, PlannedStep], signal: AbortSignal): Promise<void> => {
    const { action, from } = await actionFor(sink, selection, step, { ...options, signal })
    content[at] = { ...planned(step, subjects, action), ...(from !== undefined && { from }) }
  }
  await forEachOf(steps.entries(), check, { limit: PLAN_REQUESTS, signal: options.signal })
  const { from, to } = names
  return {
    from: 'mediaType' in from ? from.digest : formatReference(from),
    to: typeof to === 'string' ? to : formatReference(to),
    root: selection.root,
    content,
    tags: selection.tags.map(({ tag }) => tag),
    totals: totalsOf(content),
  }
}

/** How much of `content` has which action. */
export function totalsOf(content: readonly PlannedContent[]): CopyPlan['totals'] {
  const total = (action: PlannedAction): PlannedTotal => {
    const all = content.filter((each) => each.action === action)
    return { count: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0) }
  }
  return { exists: total('exists'), mount: total('mount'), copy: total('copy'), rewrite: total('rewrite') }
}

interface PlannedStep {
  readonly kind: 'manifest' | 'blob'
  readonly what: Descriptor
}

async function stepsOf(selection: CopySelection, options: CopyOptions): Promise<PlannedStep[]> {
  const context = copyContext(options, DEFAULT_CONCURRENT_DOWNLOADS)
  const source: Fetcher = {
    async *fetch(what) {
      yield await readManifestBytes(selection.source, what, context)
    },
  }
  const steps: PlannedStep[] = []
  for await (const { descriptor, manifest } of walkSelection(selection, { source, signal: context.signal })) {
    if (manifest?.kind === 'schema1') {
      const digests = manifest.value.fsLayers.map(({ blobSum }) => blobSum)
      const layers = await describeLayers(selection, manifest, digests, context)
      for (const what of layers.values()) steps.push({ kind: 'blob', what })
    }
    if (manifest === undefined && isSkipped(descriptor, context.foreignLayers)) continue
    steps.push({ kind: manifest === undefined ? 'blob' : 'manifest', what: descriptor })
  }
  return steps
}

function planned(
  { kind, what: { mediaType, digest, size } }: PlannedStep,
  subjects: ReadonlyMap<Digest, Digest>,
  action: PlannedAction,
): PlannedContent {
  const subject = kind === 'manifest' ? subjects.get(digest) : undefined
  return { kind, mediaType, digest, size, action, ...(subject !== undefined && { subject }) }
}

async function actionFor(
  sink: Checker,
  { made }: CopySelection,
  { kind, what }: PlannedStep,
  options: CopyOptions,
): Promise<{ readonly action: PlannedAction; readonly from?: string }> {
  const context = copyContext(options, DEFAULT_CONCURRENT_DOWNLOADS)
  const look = (): Promise<boolean> => hasInSink(sink, what, { signal: context.signal })
  const isThere = await atSink('store', `${kind} ${what.digest}`, look, context)
  if (isThere) return { action: 'exists' }
  if (kind === 'manifest') return { action: made.has(what.digest) ? 'rewrite' : 'copy' }
  const [from] = canMount(sink) && options.mountFrom !== undefined ? await options.mountFrom(what) : []
  return from === undefined ? { action: 'copy' } : { action: 'mount', from: from.path }
}
