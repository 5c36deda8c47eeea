import type { AbortOptions } from '@drayage/bytes'
import { isContentError, readBlob, type Fetcher, type ReferrersOptions } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import {
  attestedBy,
  decodeManifest,
  type Descriptor,
  manifestKind,
  referrerDescriptor,
  referrersTag,
  subjectOf,
} from '@drayage/manifest'

import { nameOf } from './layout-index.ts'

/** Tells the entries of a layout's index that refer to others from those that do not. */
export interface LayoutReferrers {
  /** The entries whose subject is the manifest with this digest, and what an index under its referrers tag lists. */
  among(entries: readonly Descriptor[], subject: Digest, options?: ReferrersOptions): AsyncIterable<Descriptor>
  /** The entries that are images of their own: with a name that is not made of the digest of another, or without a subject. */
  withoutReferrers(entries: readonly Descriptor[], options?: AbortOptions): Promise<readonly Descriptor[]>
}

/** What a manifest says of its relation to others. */
interface Relation {
  readonly subject: Digest | undefined
  readonly artifactType: string | undefined
}

/** The tags of lists of referrers, and those of cosign. */
const DIGEST_TAG = /^sha(?:256|512)-[0-9a-f]{64}(?:\.[a-z]{1,16})?$/

/** Where Docker Engine writes the digest of the image that an entry belongs to, such as an attestation of it. */
const SUBJECT = 'io.containerd.manifest.subject'

/** Longer types are not types. @see RFC 6838, section 4.2 */
const MAX_TYPE = 255

/** Looks at the manifests that a layout's index lists; each is read once. */
export function createLayoutReferrers(source: Fetcher): LayoutReferrers {
  const known = new Map<Digest, Relation>()

  const relationOf = async (entry: Descriptor, options: AbortOptions): Promise<Relation | undefined> => {
    if (manifestKind(entry.mediaType) === undefined) return undefined
    const before = known.get(entry.digest)
    if (before !== undefined) return before
    const bytes = await readThere(source, entry, options)
    if (bytes === undefined) return undefined
    const manifest = decodeManifest(bytes, { mediaType: entry.mediaType, digest: entry.digest })
    const { artifactType } = referrerDescriptor(manifest)
    const type = artifactType !== undefined && artifactType.length <= MAX_TYPE ? artifactType : undefined
    const relation = { subject: subjectOf(manifest), artifactType: type }
    known.set(entry.digest, relation)
    return relation
  }

  return {
    async *among(entries, subject, { artifactType: wanted, signal } = {}) {
      const listed = entries.find((entry) => nameOf(entry) === referrersTag(subject))
      const given = new Set<Digest>()
      for (const entry of [...entries, ...(await listedBy(source, listed, { signal }))]) {
        const relation = await relationOf(entry, { signal })
        if (relation?.subject !== subject || given.has(entry.digest)) continue
        given.add(entry.digest)
        const { artifactType } = relation
        if (wanted !== undefined && artifactType !== wanted) continue
        const { mediaType, digest, size } = entry
        yield { mediaType, digest, size, ...(artifactType !== undefined && { artifactType }) }
      }
    },
    async withoutReferrers(entries, { signal } = {}) {
      const images: Descriptor[] = []
      for (const entry of entries) {
        const name = nameOf(entry)
        if (name !== undefined && DIGEST_TAG.test(name)) continue
        if (name === undefined && belongsToAnother(entry)) continue
        if (name !== undefined || (await relationOf(entry, { signal }))?.subject === undefined) images.push(entry)
      }
      return images
    },
  }
}

/** Whether the entry itself says that it is about another one. */
function belongsToAnother(entry: Descriptor): boolean {
  return entry.annotations?.[SUBJECT] !== undefined || attestedBy(entry) !== undefined
}

/** What an index under a referrers tag lists, as other tools write it. */
async function listedBy(
  source: Fetcher,
  entry: Descriptor | undefined,
  options: AbortOptions,
): Promise<readonly Descriptor[]> {
  const bytes = entry === undefined ? undefined : await readThere(source, entry, options)
  if (entry === undefined || bytes === undefined) return []
  const manifest = decodeManifest(bytes, { mediaType: entry.mediaType, digest: entry.digest })
  return manifest.kind === 'index' ? manifest.value.manifests : []
}

/** The bytes of a manifest, when the layout holds it. */
async function readThere(source: Fetcher, what: Descriptor, options: AbortOptions): Promise<Uint8Array | undefined> {
  try {
    return await readBlob(source, what, options)
  } catch (error) {
    if (isContentError(error) && error.code === 'ERR_CONTENT_NOT_FOUND') return undefined
    throw error
  }
}
