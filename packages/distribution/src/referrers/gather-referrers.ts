import { forEachOf } from '@drayage/bytes'
import { canListReferrers, WalkLimitError, type ReferrerLister, type ReferrersOptions } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { manifestKind, referrerDescriptor, subjectOf, type Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { DEFAULT_REFERRER_DEPTH, MAX_REFERRERS_COPIED, REFERRER_REQUESTS } from '../defaults.ts'
import { cosignTags } from './cosign-tags.ts'
import { ReferrersError } from '../errors.ts'
import type { GraphSource } from '../ports.ts'
import { atSource, type AttemptContext } from '../retry/attempt.ts'
import { readManifest, readManifestBytes } from '../retry/small-content.ts'
import { walkSelection } from '../copy/walk-selection.ts'
import type { Company, CopiedReferrer, CopySelection } from '../copy/selection.ts'

/** Which referrers go along with a copy. */
export interface CopyReferrers {
  /** Only those of these types, and then nothing under cosign's tags, which have none; all by default. */
  readonly artifactTypes?: readonly string[]
  /** How far: 1 for what refers to the copied content itself; {@link DEFAULT_REFERRER_DEPTH} by default. */
  readonly maxDepth?: number
  /** Where cosign's tags of the source are; without it they are not looked for. */
  readonly repository?: Repository
}

/** Options of {@link gatherReferrers}. */
export interface GatherReferrersOptions extends AttemptContext {
  readonly wanted: CopyReferrers
  /** What the user asked for, for messages. */
  readonly name: string
}

/**
 * Finds what refers to the selected manifests, each of an index too, and what refers to that. Whatever a list says, only
 * manifests that name the other one as their subject are referrers.
 *
 * @throws ReferrersError `ERR_REFERRERS` when the source lists none
 * @throws WalkLimitError `ERR_WALK_LIMIT` for more than {@link MAX_REFERRERS_COPIED} of them
 * @throws TransferError `ERR_TRANSFER`
 */
export async function gatherReferrers(
  content: GraphSource,
  selection: CopySelection,
  options: GatherReferrersOptions,
): Promise<Company> {
  const { wanted, name, signal } = options
  if (!canListReferrers(content)) throw new ReferrersError('source', name)
  const { artifactTypes, maxDepth = DEFAULT_REFERRER_DEPTH, repository } = wanted
  if (!Number.isSafeInteger(maxDepth) || maxDepth < 1) {
    throw new RangeError(`Cannot copy referrers: the depth is ${maxDepth}, expected an integer of at least 1`)
  }
  const search = new ReferrerSearch(content, selection, options)
  const subjects = await manifestsOf(selection, options)
  const tags =
    repository === undefined || artifactTypes !== undefined
      ? []
      : await cosignTags(content, subjects, { ...options, repository })
  for (let level = subjects, depth = 1; level.length > 0 && depth <= maxDepth; depth++) {
    signal?.throwIfAborted()
    level = await search.run(level)
  }
  return { referrers: search.found, tags }
}

/** The manifests of a selection that the source has. */
async function manifestsOf(selection: CopySelection, options: GatherReferrersOptions): Promise<Digest[]> {
  const read = async function* (what: Descriptor): AsyncGenerator<Uint8Array, void, void> {
    yield await readManifestBytes(selection.source, what, options)
  }
  const digests: Digest[] = []
  for await (const step of walkSelection(selection, { source: { fetch: read }, signal: options.signal })) {
    const { manifest, descriptor } = step
    if (manifest !== undefined && !selection.made.has(descriptor.digest)) digests.push(descriptor.digest)
  }
  return digests
}

/** Looks for referrers level by level; each manifest is a referrer once. */
class ReferrerSearch {
  readonly found: CopiedReferrer[] = []
  readonly #content: ReferrerLister
  readonly #selection: CopySelection
  readonly #options: GatherReferrersOptions
  readonly #seen = new Set<Digest>()

  constructor(content: ReferrerLister, selection: CopySelection, options: GatherReferrersOptions) {
    this.#content = content
    this.#selection = selection
    this.#options = options
  }

  /** Adds what refers to these; resolves to what was added. */
  async run(subjects: readonly Digest[]): Promise<Digest[]> {
    const found = subjects.map((): CopiedReferrer[] => [])
    const work = async ([at, subject]: [number, Digest], signal: AbortSignal): Promise<void> => {
      found[at] = await this.#referrersOf(subject, signal)
    }
    await forEachOf(subjects.entries(), work, { limit: REFERRER_REQUESTS, signal: this.#options.signal })
    const added = found.flat()
    this.found.push(...added)
    return added.map(({ what }) => what.digest)
  }

  async #referrersOf(subject: Digest, signal: AbortSignal): Promise<CopiedReferrer[]> {
    const options = { ...this.#options, signal }
    const { artifactTypes } = options.wanted
    const isWanted = (type: string | undefined): boolean =>
      artifactTypes === undefined || (type !== undefined && artifactTypes.includes(type))
    const referrers: CopiedReferrer[] = []
    for (const listed of await this.#list(subject, options)) {
      const isOther = listed.artifactType !== undefined && !isWanted(listed.artifactType)
      if (isOther || manifestKind(listed.mediaType) === undefined || this.#seen.has(listed.digest)) continue
      const { digest } = listed
      const manifest = await readManifest(this.#selection.source, listed, options)
      if (subjectOf(manifest) !== subject) {
        const message = `${digest} is listed as referring to ${subject} and does not; it is not copied`
        options.onEvent({ type: 'warning', message })
        continue
      }
      const { artifactType } = referrerDescriptor(manifest)
      if (!isWanted(artifactType) || this.#seen.has(digest)) continue
      this.#seen.add(digest)
      const { size } = manifest.descriptor
      const type = artifactType !== undefined && artifactType.length <= 255 ? { artifactType } : {}
      referrers.push({ what: { mediaType: manifest.descriptor.mediaType, digest, size, ...type }, subject })
    }
    return referrers
  }

  /** The list of referrers as it is told, without what may be large in it. */
  async #list(subject: Digest, { signal, ...options }: GatherReferrersOptions): Promise<Descriptor[]> {
    const only = options.wanted.artifactTypes?.length === 1 ? options.wanted.artifactTypes[0] : undefined
    const asked: ReferrersOptions = { signal, artifactType: only }
    const list = async (): Promise<Descriptor[]> => {
      const listed: Descriptor[] = []
      for await (const { mediaType, digest, size, artifactType } of this.#content.referrers(subject, asked)) {
        if (this.#seen.size + listed.length >= MAX_REFERRERS_COPIED) {
          throw new WalkLimitError(digest, 'maxCount', MAX_REFERRERS_COPIED)
        }
        listed.push({ mediaType, digest, size, ...(artifactType !== undefined && { artifactType }) })
      }
      return listed
    }
    return await atSource('fetch', `referrers of ${subject}`, list, { ...options, signal })
  }
}
