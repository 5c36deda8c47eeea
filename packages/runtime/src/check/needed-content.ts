import type { Digest } from '@drayage/digest'
import type { StoredImage } from '@drayage/image-store'
import { isLayerType, manifestKind, MEDIA_TYPES, signedBytesOf, type Descriptor } from '@drayage/manifest'
import { familiarReference, formatRepository, type Repository } from '@drayage/reference'

/** Content that something stored needs. */
export interface NeededContent {
  readonly what: Descriptor
  /** The names, or the digest of what has none, that need it. */
  readonly neededBy: Set<string>
  /** The targets that have it. */
  readonly targets: Set<Digest>
  /** Where these names come from. */
  readonly repositories: Map<string, Repository>
}

/** All content that these need, by digest. */
export function neededContent(all: readonly StoredImage[]): Map<Digest, NeededContent> {
  const needed = new Map<Digest, NeededContent>()
  for (const stored of all) {
    for (const what of contentOfStored(stored)) {
      const known = needed.get(what.digest)
      const each = known ?? { what, neededBy: new Set(), targets: new Set(), repositories: new Map() }
      needed.set(what.digest, each)
      each.targets.add(stored.target.digest)
      for (const owner of ownersOf(stored)) each.neededBy.add(owner)
      for (const { name } of stored.names) each.repositories.set(formatRepository(name), name)
    }
  }
  return needed
}

/** What something stored consists of. */
export function contentOfStored({ target, platforms, others }: StoredImage): Descriptor[] {
  return [
    target,
    ...(signedBytesOf(target) === undefined ? [] : [{ ...target, ...signedBytesOf(target) }]),
    ...platforms.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers]),
    ...others.flatMap(({ manifest, parts }) => [manifest, ...parts]),
  ]
}

/** What users call something stored: its names with a tag, else its other names, else its digest. */
export function ownersOf({ target, names }: StoredImage): string[] {
  const tagged = names.filter(({ name }) => name.tag !== undefined)
  const shown = (tagged.length > 0 ? tagged : names).map(({ name }) => familiarReference(name))
  return shown.length > 0 ? shown : [target.digest]
}

/** What users call this kind of content. */
export function kindOfContent({ mediaType }: Pick<Descriptor, 'mediaType'>): string {
  const kind = manifestKind(mediaType)
  if (kind !== undefined) return kind === 'index' ? 'index' : 'manifest'
  if (mediaType === MEDIA_TYPES.ociConfig || mediaType === MEDIA_TYPES.dockerConfig) return 'config'
  return isLayerType(mediaType) ? 'layer' : 'blob'
}
