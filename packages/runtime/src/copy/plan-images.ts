import type { Checker } from '@drayage/content'
import { DEFAULT_RETRY_POLICY, planCopy, totalsOf, type CopyPlan, type PlannedContent } from '@drayage/distribution'
import type { Digest } from '@drayage/digest'
import { isForeignLayerType, isLayerType, type Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { assertTakes } from './assert-takes.ts'
import { choiceOf } from './copy-choice.ts'
import { isConversion } from './conversion-options.ts'
import type { CopyImageOptions } from './copy-options.ts'
import { holdsTars, parseCopyTarget, type TargetPlace } from './copy-target.ts'
import { copyMounts } from './copy-mounts.ts'
import type { Runtime } from '../create-runtime.ts'
import { TransportError } from '../errors.ts'
import { openCopySource, type CopySource } from './open-copy-source.ts'
import { parseTransport } from './transport.ts'
import { checkTarget } from './check-target.ts'

/**
 * Tells what `copyImages` would do, and writes nothing: manifests are read, and the target is asked what it has. In a
 * docker-archive layers are rewritten, since it holds them uncompressed. What an earlier image of the call brings to a
 * place is there for the next one.
 *
 * @returns a plan for each source
 * @throws TransportError `ERR_TRANSPORT` for a conversion, whose digests are known only when it is done
 * @throws the errors of `copyImages`, as far as they show without writing
 */
export async function planImages(
  runtime: Runtime,
  sources: readonly string[],
  target: string,
  options: CopyImageOptions = {},
): Promise<CopyPlan[]> {
  if (sources.length === 0) throw new RangeError('Cannot plan to copy images: found none, expected at least one')
  if (isConversion(options)) {
    throw new TransportError(
      'plan to copy to',
      target,
      'found a conversion, whose digests nobody knows before, expected none',
    )
  }
  const from = sources.map((text) => ({ text, place: parseTransport(text) }))
  const to = parseCopyTarget(target, sources.length)
  const plans: CopyPlan[] = []
  const planned = createPlanned()
  for (const { text, place } of from) {
    await using opened = await openCopySource(runtime, place, options)
    const toPlace = to.archive ?? to.placeOf(opened)
    assertTakes(toPlace, target, options)
    const plan = await planImage(runtime, opened, toPlace, { ...options, planned })
    planned.add(toPlace, plan)
    plans.push({ ...plan, from: text, to: to.textOf(toPlace) })
  }
  return plans
}

interface PlanImageOptions extends CopyImageOptions {
  readonly planned: Planned
}

async function planImage(
  runtime: Runtime,
  source: CopySource,
  to: TargetPlace,
  options: PlanImageOptions,
): Promise<CopyPlan> {
  const { signal, onEvent = (): void => {}, planned } = options
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const sink = await checkTarget(runtime, to, { signal })
  const has: Checker['has'] = async (what, each) => planned.has(to, what.digest) || (await sink.has(what, each))
  const holderOf = ({ digest }: Descriptor): Repository | undefined => planned.holderOf(to, digest)
  const mounts = to.kind === 'registry' ? copyMounts(runtime, source, to.reference, { holderOf, signal }) : {}
  const plan = await planCopy(
    source.content,
    { ...sink, has },
    { from: source.from, to: source.name },
    { signal, onEvent, retry, ...mounts, ...choiceOf(runtime, source, options) },
  )
  return holdsTars(to) ? asTars(plan) : plan
}

function asTars(plan: CopyPlan): CopyPlan {
  const isLayer = (type: string): boolean => isLayerType(type) || isForeignLayerType(type)
  const content = plan.content
    .filter(({ kind }) => kind === 'blob')
    .map((each): PlannedContent =>
      each.action === 'copy' && isLayer(each.mediaType) ? { ...each, action: 'rewrite' } : each,
    )
  return { ...plan, content, totals: totalsOf(content) }
}

/** What the plans so far bring, by place. */
interface Planned {
  add(to: TargetPlace, plan: CopyPlan): void
  has(to: TargetPlace, digest: Digest): boolean
  /** A repository of the same registry that has the blob by then. */
  holderOf(to: TargetPlace, digest: Digest): Repository | undefined
}

function createPlanned(): Planned {
  const places = new Map<string, { readonly to: TargetPlace; readonly digests: Set<Digest> }>()
  return {
    add(to, { content }) {
      const name = placeName(to)
      const place = places.get(name) ?? { to, digests: new Set() }
      places.set(name, place)
      for (const { digest } of content) place.digests.add(digest)
    },
    has: (to, digest) => places.get(placeName(to))?.digests.has(digest) === true,
    holderOf(to, digest) {
      for (const place of places.values()) {
        const isSame = to.kind === 'registry' && place.to.kind === 'registry' && place.digests.has(digest)
        if (isSame && place.to.reference.domain === to.reference.domain) return place.to.reference
      }
      return undefined
    },
  }
}

/** What holds content that a later image finds there. */
function placeName(to: TargetPlace): string {
  return to.kind === 'registry' ? `registry ${to.reference.domain}/${to.reference.path}` : to.kind
}
