import type { Digest, ImageId } from '@drayage/digest'
import { tryParseReference } from '@drayage/reference'

import { AmbiguousImageError } from '../errors.ts'
import type { NameRecord } from '../stored-image.ts'
import type { Tables } from '../tables.ts'
import { contentDigest } from './content-row.ts'
import { storedNameText } from './name-rules.ts'

const DIGEST_START = /^(?:(sha256|sha512):)?([0-9a-f]+)$/
const ALGORITHMS = ['sha256', 'sha512'] as const

/** Digests looked at for the start of one; more than these are never those of one image. */
const MOST_DIGESTS = 64

type FindTables = Pick<Tables, 'names' | 'targets' | 'contents'>

/** The targets that a text selects, and how. */
export interface FoundTargets {
  readonly targets: readonly Digest[]
  readonly name?: NameRecord
  readonly digest?: Digest
}

/**
 * What a user's text selects: by name, then by a digest or the start of one.
 *
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 */
export function findTargets(tables: FindTables, text: string): FoundTargets {
  const name = findName(tables, text)
  if (name !== undefined) return { targets: [name.target.digest], name }
  const digests = digestsStartingWith(tables, text)
  const [first, ...others] = digests
  if (first === undefined) return { targets: [] }
  const meant = meaningOf(tables, first)
  // What an index, the only image in it and its config start with alike means the same.
  for (const other of others) if (!isSame(meaningOf(tables, other), meant)) throw new AmbiguousImageError(text)
  return { targets: meant.targets, digest: digests.find((each) => tables.targets.get(each) !== undefined) ?? first }
}

/** The name that a user's text means, when it is in the store. */
function findName({ names }: FindTables, text: string): NameRecord | undefined {
  const parsed = tryParseReference(text)
  return parsed.ok ? names.get(storedNameText(parsed.value)) : undefined
}

function digestsStartingWith({ contents }: FindTables, text: string): Digest[] {
  const [, algorithm, hex] = DIGEST_START.exec(text) ?? []
  if (hex === undefined) return []
  const starts = algorithm === undefined ? ALGORITHMS.map((each) => `${each}:${hex}`) : [text]
  return starts.flatMap((start) => contents.startingWith(start, MOST_DIGESTS))
}

interface Meaning {
  /** The targets that have the digest: as their own, as that of an image's manifest, or as that of its config. */
  readonly targets: readonly Digest[]
  /** The images that it stands for, by their manifests. */
  readonly manifests: readonly Digest[]
}

function meaningOf({ targets, contents }: FindTables, digest: Digest): Meaning {
  const isTarget = targets.get(digest) !== undefined
  const isManifest = contents.get(digest)?.kind === 'image'
  const manifests = [...(isManifest ? [digest] : []), ...contents.manifestsOf(digest as string as ImageId)]
  const inTarget = isTarget ? contents.of(digest).filter(({ kind }) => kind === 'image') : []
  return {
    targets: unique([...(isTarget ? [digest] : []), ...manifests.flatMap((each) => contents.targetsOf(each))]),
    manifests: unique([...manifests, ...inTarget.map(contentDigest)]),
  }
}

function unique(digests: readonly Digest[]): Digest[] {
  return [...new Set(digests)]
}

function isSame(a: Meaning, b: Meaning): boolean {
  const haveSame = (one: readonly Digest[], other: readonly Digest[]): boolean =>
    one.length === other.length && one.every((each) => other.includes(each))
  return haveSame(a.targets, b.targets) && haveSame(a.manifests, b.manifests)
}
