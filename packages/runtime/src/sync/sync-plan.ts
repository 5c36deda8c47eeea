import { tryParseReference } from '@drayage/reference'
import { SyncFileError, type RepositoryFilter, type SyncImage, type TagFilter } from '@drayage/sync'

import type { CopyImageOptions } from '../copy/copy-options.ts'
import { parseTransport, type Transport } from '../copy/transport.ts'

/** An image, and the place where it has to be the same. */
export interface SyncPair {
  readonly from: string
  readonly to: string
  readonly source: Transport
  readonly target: Transport
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
      readonly source: Transport
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
interface Place {
  readonly text: string
  readonly path: string
  readonly transport: Transport
  /** Its tag, if it says one. */
  readonly tag: string | undefined
  readonly isDigest: boolean
}

/**
 * Checks an entry before anything is asked.
 *
 * @throws SyncFileError `ERR_SYNC_FILE`
 */
export function planSyncImage(image: SyncImage, path: string): readonly SyncPlan[] {
  const { repositories, repositoryFilter: filter, ...others } = image
  if (repositories === undefined && filter === undefined) return [planRepository(image, path)]
  const { from, to } = image
  assertRegistry(image, path)
  const planOf = (name: string): readonly SyncPlan[] =>
    planSyncImage({ ...others, from: `${from}/${name}`, to: `${to}/${name}` }, path)
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

function planRepository(image: SyncImage, path: string): SyncPlan {
  const from = readPlace(image.from, `${path}.from`)
  const to = readPlace(image.to, `${path}.to`)
  refuse(
    to,
    !['registry', 'oci', 'store'].includes(to.transport.kind),
    'a registry, oci: or store:, which hold several images',
  )
  refuse(to, to.isDigest, 'a tag or none, as a digest cannot be given')
  const { tags, filter } = image
  const choice = choiceOf(image, to)
  if (tags === undefined && filter === undefined) return { kind: 'images', pairs: [onePair(from, to, choice)] }
  refuse(from, !['registry', 'oci'].includes(from.transport.kind), 'a registry or oci:, which list their tags')
  for (const place of [from, to]) refuse(place, place.tag !== undefined || place.isDigest, 'no tag beside tags')
  const pairOf = (tag: string): SyncPair => pair(`${from.text}:${tag}`, `${to.text}:${tag}`, choice)
  if (filter === undefined) return { kind: 'images', pairs: tags?.map(pairOf) ?? [] }
  return { kind: 'tags', filter, from: from.text, to: to.text, source: from.transport, pairOf }
}

function choiceOf({ platforms, index, referrers }: SyncImage, to: Place): SyncPair['choice'] {
  const isStore = to.transport.kind === 'store'
  refuse(to, isStore && (index !== undefined || (platforms ?? []).length > 1), 'another place for several platforms')
  refuse(to, isStore && referrers !== undefined, 'a registry or oci: for referrers')
  const images = platforms !== undefined ? { platforms, ...(index !== undefined && { index }) } : { all: !isStore }
  if (referrers === undefined) return images
  return { ...images, referrers: referrers === 'all' ? {} : { artifactTypes: referrers } }
}

function onePair(from: Place, to: Place, choice: SyncPair['choice']): SyncPair {
  const isOpen = from.transport.kind === 'registry' && from.tag === undefined && !from.isDigest
  refuse(from, isOpen, 'a tag or a digest, or tags beside it')
  if (to.tag !== undefined) return pair(from.text, to.text, choice)
  if (from.tag === undefined) throw refused(to, 'a tag, as the source has none')
  return pair(from.text, `${to.text}:${from.tag}`, choice)
}

function pair(from: string, to: string, choice: SyncPair['choice']): SyncPair {
  return { from, to, source: parseTransport(from), target: parseTransport(to), choice }
}

function refuse(place: Place, isWrong: boolean, wanted: string): void {
  if (isWrong) throw refused(place, wanted)
}

function refused({ text, path }: Place, wanted: string): SyncFileError {
  return new SyncFileError(path, JSON.stringify(text.slice(0, 160)), wanted)
}

function readPlace(text: string, path: string): Place {
  let transport: Transport
  try {
    transport = parseTransport(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SyncFileError(path, `${JSON.stringify(text.slice(0, 160))} (${why})`, 'the name of a place', { cause })
  }
  return { text, path, transport, ...nameIn(text, transport) }
}

/** The tag that the text itself says, where a transport has the default. */
function nameIn(text: string, transport: Transport): Pick<Place, 'tag' | 'isDigest'> {
  switch (transport.kind) {
    case 'registry':
    case 'store': {
      const name = transport.kind === 'store' ? transport.name : text.replace(/^docker:\/\//, '')
      const parsed = tryParseReference(name)
      return parsed.ok
        ? { tag: parsed.value.tag, isDigest: parsed.value.digest !== undefined }
        : { tag: undefined, isDigest: false }
    }
    case 'docker-archive':
      return { tag: transport.reference?.tag, isDigest: false }
    case 'oci':
    case 'oci-archive':
      return { tag: transport.tag, isDigest: false }
    default:
      return { tag: undefined, isDigest: false }
  }
}
