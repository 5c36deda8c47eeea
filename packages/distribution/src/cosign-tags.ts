import { isContentError } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { referrersTag, type Descriptor } from '@drayage/manifest'
import { formatReference, type Reference, type Repository } from '@drayage/reference'

import { REFERRER_REQUESTS } from './defaults.ts'
import type { FetchSmallOptions } from './fetch-manifest.ts'
import { forEachOf } from './for-each-of.ts'
import type { GraphSource } from './ports.ts'
import { tryRequest } from './try-request.ts'

/** A manifest that goes along under a tag that is made of the digest of another one. */
export interface CopiedTag {
  readonly what: Descriptor
  readonly tag: string
}

/** Options of {@link cosignTags}. */
export interface CosignTagsOptions extends FetchSmallOptions {
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
  const work = async (name: Reference, at: number, signal: AbortSignal): Promise<void> => {
    const resolve = (): Promise<Descriptor | undefined> => resolveIfThere(content, name, signal)
    const what = await tryRequest('resolve', `"${formatReference(name)}"`, resolve, { ...options, signal })
    if (what !== undefined && name.tag !== undefined) found[at] = [{ what, tag: name.tag }]
  }
  await forEachOf(names, work, { limit: REFERRER_REQUESTS, signal: options.signal })
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
    if (isContentError(error) && error.code === 'ERR_NAME_NOT_FOUND') return undefined
    throw error
  }
}
