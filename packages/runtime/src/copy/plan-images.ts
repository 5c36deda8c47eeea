import type { Checker } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import {
  DEFAULT_RETRY_POLICY,
  planCopy,
  totalsOf,
  type CopyPlan,
  type PlaceSource,
  type PlaceTarget,
  type PlannedContent,
} from '@drayage/distribution'
import { isLayerType, type Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import type { Runtime } from '../runtime.ts'
import { TransportError } from '../errors.ts'
import { parseSource, parseTarget } from '../places/transports.ts'
import { assertTakes } from './assert-takes.ts'
import { isConversion } from './conversion-options.ts'
import { assertWhole } from './assert-whole.ts'
import { choiceOf, type ChoiceOptions } from './copy-choice.ts'
import { foreignLayersOf } from './foreign-layers.ts'
import { openSource, writable } from './copy-images.ts'
import type { CopyImageOptions } from './copy-options.ts'

/**
 * Says what `copyImages` would do, and writes nothing: manifests are read, and the target is asked what it has. In a
 * docker-archive layers are rewritten, since it holds them uncompressed. What an earlier image of the call brings to a
 * place is there for the next one.
 *
 * @returns a plan for each source
 * @throws TransportError `ERR_TRANSPORT` for a conversion, whose digests are known only when it is done
 * @throws the errors of `copyImages` that show without writing
 */
export async function planImages(
  runtime: Runtime,
  sources: readonly string[],
  target: string,
  options: CopyImageOptions = {},
): Promise<CopyPlan[]> {
  if (sources.length === 0) throw new RangeError('Cannot plan to copy images: there are none, expected at least one')
  if (isConversion(options)) {
    throw new TransportError('plan to copy to', target, 'the digests of a conversion are known only when it is done')
  }
  const from = sources.map((text) => ({ text, place: parseSource(runtime, text) }))
  const to = writable(runtime, parseTarget(runtime, target), from.length)
  const working = { ...options, keepsIndex: to.holds.keepsIndex === true }
  assertTakes(to, target, working)
  const plans: CopyPlan[] = []
  const planned: Planned = new Map()
  for (const { text, place } of from) {
    await using opened = await openSource(place, working)
    await assertWhole(runtime, opened, to, working)
    const plan = await planImage(runtime, { text, source: opened }, to, planned, working)
    // A place for several images has one of each name.
    if (plan.to !== target && plans.some((other) => other.to === plan.to)) {
      throw new TransportError('copy to', plan.to, 'two images have that name')
    }
    plans.push(plan)
  }
  return plans
}

/** What the plans so far bring, by place. */
type Planned = Map<string, { readonly digests: Set<Digest>; readonly repository: Repository | undefined }>

async function planImage(
  runtime: Runtime,
  { text, source }: { readonly text: string; readonly source: PlaceSource },
  to: PlaceTarget,
  planned: Planned,
  options: ChoiceOptions,
): Promise<CopyPlan> {
  const { signal, onEvent = (): void => {} } = options
  const { retry = DEFAULT_RETRY_POLICY, requireSchema2 } = runtime
  const view = await to.look(source, { signal })
  const { repository, mountFrom } = view
  const { digests } = planned.get(view.key) ?? { digests: new Set() }
  planned.set(view.key, { digests, repository })
  const has: Checker['has'] = async (what, each) => digests.has(what.digest) || (await view.sink.has(what, each))
  const holdersOf = async (blob: Descriptor): Promise<readonly Repository[]> => [
    ...[...planned.values()].flatMap((each) =>
      each.repository?.domain === repository?.domain && each.repository !== undefined && each.digests.has(blob.digest)
        ? [each.repository]
        : [],
    ),
    ...((await mountFrom?.(blob)) ?? []),
  ]
  const sink = { ...view.sink, has }
  const foreignLayers = foreignLayersOf(runtime, source.repository?.domain)
  const settings = {
    signal,
    onEvent,
    retry,
    foreignLayers,
    requireSchema2,
    ...(repository && { mountFrom: holdersOf }),
  }
  const names = { from: source.from, to: view.text }
  const plan = await planCopy(source.content, sink, names, { ...settings, ...choiceOf(runtime, source, options) })
  for (const { digest } of plan.content) digests.add(digest)
  return { ...(to.holds.manifests ? plan : asTars(plan)), from: text, to: view.text }
}

function asTars(plan: CopyPlan): CopyPlan {
  const content = plan.content
    .filter(({ kind }) => kind === 'blob')
    .map((each): PlannedContent =>
      each.action === 'copy' && isLayerType(each.mediaType) ? { ...each, action: 'rewrite' } : each,
    )
  return { ...plan, content, totals: totalsOf(content) }
}
