import type { Digest } from '@drayage/digest'
import { attestedBy, type DecodedIndex, type Descriptor } from '@drayage/manifest'

/** Whether an index lists a manifest as what accompanies images and runs nowhere: as an attestation, or for no platform. */
export function isCompanion(what: Descriptor): boolean {
  return attestedBy(what) !== undefined || what.platform?.os.toLowerCase() === 'unknown'
}

/** What indexes list, each manifest once: what accompanies images, and all else, in the order of the indexes. */
export function listedIn(
  indexes: ReadonlyMap<Digest, DecodedIndex>,
  chosen: readonly Descriptor[] = [],
): { readonly companions: readonly Descriptor[]; readonly others: readonly Descriptor[] } {
  const listed = [...indexes.values()].flatMap(({ value }) => value.manifests)
  const isChosen = new Set(chosen.map(({ digest }) => digest))
  const others = once(listed.filter((each) => isChosen.has(each.digest) || !isCompanion(each)))
  // What is an image in one place is one in all.
  const companions = once(listed.filter((each) => isCompanion(each) && !others.has(each.digest)))
  return { companions: [...companions.values()], others: [...others.values()] }
}

function once(listed: readonly Descriptor[]): Map<Digest, Descriptor> {
  const first = new Map<Digest, Descriptor>()
  for (const each of listed) if (!first.has(each.digest)) first.set(each.digest, each)
  return first
}
