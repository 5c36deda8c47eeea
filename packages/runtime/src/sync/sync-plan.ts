import type { Place } from '@drayage/distribution'
import { tryParseReference } from '@drayage/reference'
import { SyncFileError, type RepositoryFilter, type SyncImage, type TagFilter } from '@drayage/sync'

import type { CopyImageOptions } from '../copy/copy-options.ts'
import type { Runtime } from '../runtime.ts'
import { parseSource, parseTarget } from '../places/transports.ts'

/** An image, and the place where it has to be the same. */
export interface SyncPair {
  readonly from: string
  readonly to: string
  readonly source: Place
  readonly target: Place
  /** Which images of an index are copied, and how. */
  readonly choice: Pick<CopyImageOptions, 'all' | 'platforms' | 'index' | 'referrers'>
}

/** A part of what one entry of a file asks for: images, tags that a list tells, or repositories that a list tells. */
export type SyncPlan =
  | { readonly kind: 'images'; readonly pairs: readonly SyncPair[] }
  | {
      readonly kind: 'tags'
      readonly from: string
      readonly to: string
      readonly filter: TagFilter
      /** Whose tags are listed. */
      readonly source: Place
      pairOf(tag: string): SyncPair
    }
  | {
      readonly kind: 'repositories'
      /** The registry whose repositories are listed. */
      readonly from: string
      readonly to: string
      readonly filter: RepositoryFilter
      planOf(repository: string): readonly SyncPlan[]
    }

/** A place as an entry names it. */
interface NamedPlace {
  /** As the entry writes it. */
  readonly text: string
  /** Where the entry is in the file. */
  readonly at: string
  readonly place: Place
}

/**
 * Checks an entry before anything is asked.
 *
 * @throws SyncFileError `ERR_SYNC_FILE`
 */
export function planSyncImage(runtime: Runtime, image: SyncImage, path: string): readonly SyncPlan[] {
  const { repositories, repositoryFilter: filter, ...others } = image
  if (repositories === undefined && filter === undefined) return [planRepository(runtime, image, path)]
  const { from, to } = image
  assertRegistry(image, path)
  const planOf = (name: string): readonly SyncPlan[] =>
    planSyncImage(runtime, { ...others, from: `${from}/${name}`, to: `${to}/${name}` }, path)
  // Whatever is wrong with the entry shows with any repository.
  const probe = planOf('repository')
  if (filter !== undefined && probe.length > 0) return [{ kind: 'repositories', from, to, filter, planOf }]
  return repositories?.flatMap(planOf) ?? []
}

function assertRegistry({ from, to, tags, filter }: SyncImage, path: string): void {
  const parsed = tryParseReference(`${from}/repository`)
  const isRegistry = parsed.ok && parsed.value.domain === from && parsed.value.path === 'repository'
  const shown = JSON.stringify(from.slice(0, 160))
  if (!isRegistry) throw new SyncFileError(`${path}.from`, shown, 'a registry such as registry.example:5000')
  if (tags === undefined && filter === undefined) {
    throw new SyncFileError(`${path}.tags`, 'nothing', '"all", a list or a filter, beside repositories')
  }
  if (to.startsWith('store:'))
    throw new SyncFileError(`${path}.to`, JSON.stringify(to), 'a registry or oci: for repositories')
}

function planRepository(runtime: Runtime, image: SyncImage, path: string): SyncPlan {
  const from = readPlace(image.from, `${path}.from`, (text) => parseSource(runtime, text))
  const to = readPlace(image.to, `${path}.to`, (text) => parseTarget(runtime, text))
  const { target } = to.place
  const takesMore = target !== undefined && (target.current !== undefined || target.holds.several)
  refuse(
    to,
    !takesMore || target.isWhole === true,
    'a place that takes one image after another, such as a registry, oci: or store:',
  )
  refuse(to, to.place.isDigest === true, 'a tag or none, as a digest cannot be given')
  const { tags, filter } = image
  const choice = choiceOf(image, to)
  const pair = (source: string, goal: string): SyncPair => ({
    from: source,
    to: goal,
    source: parseSource(runtime, source),
    target: parseTarget(runtime, goal),
    choice,
  })
  if (tags === undefined && filter === undefined) return { kind: 'images', pairs: [onePair(from, to, pair)] }
  refuse(from, from.place.listTags === undefined, 'a place that lists its tags, such as a registry or oci:')
  for (const each of [from, to]) {
    refuse(each, each.place.tag !== undefined || each.place.isDigest === true, 'no tag beside tags')
  }
  const pairOf = (tag: string): SyncPair => pair(`${from.text}:${tag}`, `${to.text}:${tag}`)
  if (filter === undefined) return { kind: 'images', pairs: tags?.map(pairOf) ?? [] }
  return { kind: 'tags', filter, from: from.text, to: to.text, source: from.place, pairOf }
}

function choiceOf({ platforms, index, referrers }: SyncImage, to: NamedPlace): SyncPair['choice'] {
  const holds = to.place.target?.holds
  const isIndex = index !== undefined || (platforms ?? []).length > 1
  refuse(to, holds?.index === false && isIndex, 'another place for several platforms')
  refuse(
    to,
    holds?.referrers === false && referrers !== undefined,
    'a place that holds referrers, such as a registry or oci:',
  )
  // A store gets the image for this machine, with its index.
  const all = holds?.index !== false && holds?.keepsIndex !== true
  const images = platforms !== undefined ? { platforms, ...(index !== undefined && { index }) } : { all }
  if (referrers === undefined) return images
  return { ...images, referrers: referrers === 'all' ? {} : { artifactTypes: referrers } }
}

function onePair(from: NamedPlace, to: NamedPlace, pair: (from: string, to: string) => SyncPair): SyncPair {
  const { tag, needsTag = false } = from.place
  refuse(from, needsTag, 'a tag or a digest, or tags beside it')
  if (to.place.tag !== undefined) return pair(from.text, to.text)
  if (tag === undefined) throw refused(to, 'a tag, as the source has none')
  return pair(from.text, `${to.text}:${tag}`)
}

function refuse(place: NamedPlace, isWrong: boolean, wanted: string): void {
  if (isWrong) throw refused(place, wanted)
}

function refused({ text, at }: NamedPlace, wanted: string): SyncFileError {
  return new SyncFileError(at, JSON.stringify(text.slice(0, 160)), wanted)
}

function readPlace(text: string, at: string, parse: (text: string) => Place): NamedPlace {
  try {
    return { text, at, place: parse(text) }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SyncFileError(at, `${JSON.stringify(text.slice(0, 160))} (${why})`, 'the name of a place', { cause })
  }
}
