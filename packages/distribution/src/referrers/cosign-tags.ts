import { forEachOf } from '@drayage/bytes'
import { maybeAbsent } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { referrersTag, type Descriptor } from '@drayage/manifest'
import { formatReference, type Reference, type Repository } from '@drayage/reference'

import { REFERRER_REQUESTS } from '../defaults.ts'
import type { GraphSource } from '../ports.ts'
import { atSource, type AttemptContext } from '../retry/attempt.ts'
import type { CopiedTag } from '../copy/selection.ts'

/** Options of {@link cosignTags}. */
export interface CosignTagsOptions extends AttemptContext {
  readonly repository: Repository
}

/** What cosign adds to the tag of a manifest's referrers: signatures, attestations and bills of material. */
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom']

/** What cosign keeps of these manifests under tags of the repository. */
export async function cosignTags(
  content: GraphSource,
  subjects: readonly Digest[],
  options: CosignTagsOptions,
): Promise<CopiedTag[]> {
  const { domain, path } = options.repository
  const names = subjects.flatMap((subject) =>
    COSIGN_SUFFIXES.map((suffix): Reference => ({ domain, path, tag: `${referrersTag(subject)}.${suffix}` })),
  )
  const found = names.map((): CopiedTag[] => [])
  const work = async ([at, name]: [number, Reference], signal: AbortSignal): Promise<void> => {
    const resolve = (): Promise<Descriptor | undefined> => resolveIfThere(content, name, signal)
    const what = await atSource('resolve', `"${formatReference(name)}"`, resolve, { ...options, signal })
    if (what !== undefined && name.tag !== undefined) found[at] = [{ what, tag: name.tag }]
  }
  await forEachOf(names.entries(), work, { limit: REFERRER_REQUESTS, signal: options.signal })
  return found.flat()
}

async function resolveIfThere(
  content: GraphSource,
  name: Reference,
  signal: AbortSignal,
): Promise<Descriptor | undefined> {
  try {
    return await content.resolve(name, { signal })
  } catch (error) {
    signal.throwIfAborted()
    if (maybeAbsent(error)) return undefined
    throw error
  }
}
