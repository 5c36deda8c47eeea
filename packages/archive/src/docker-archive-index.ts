import { encodeText } from '@drayage/bytes'
import { chainIds, type Digest, digestHex, type DiffId } from '@drayage/digest'
import { familiarReference, familiarRepository, parseReference, type Reference } from '@drayage/reference'

import { ArchiveImageError } from './errors.ts'
import { layerName } from './layer-member.ts'

interface Entry {
  readonly config: Digest
  readonly diffIds: readonly DiffId[]
  readonly tags: Set<string>
}

/** What a docker-archive says of its images. */
export interface DockerArchiveIndex {
  /** Adds an image, or tags to one that is there. A tag that another image has moves to this one. */
  add(config: Digest, diffIds: readonly DiffId[], tags: readonly string[]): void
  /** The bytes of `manifest.json`. */
  manifest(): Uint8Array
  /** The bytes of `repositories`; nothing when there are no tags. */
  repositories(): Uint8Array | undefined
}

/** Creates the index of an archive without images. */
export function createDockerArchiveIndex(): DockerArchiveIndex {
  const entries = new Map<Digest, Entry>()
  return {
    add(config, diffIds, tags) {
      const entry = entries.get(config) ?? { config, diffIds, tags: new Set<string>() }
      entries.set(config, entry)
      for (const tag of tags) {
        for (const other of entries.values()) if (other !== entry) other.tags.delete(tag)
        entry.tags.add(tag)
      }
    },
    manifest() {
      const list = [...entries.values()].map(({ config, diffIds, tags }) => ({
        Config: configName(config),
        RepoTags: tags.size === 0 ? null : [...tags],
        Layers: diffIds.map(layerName),
      }))
      return encodeText(JSON.stringify(list))
    },
    repositories() {
      const named: Record<string, Record<string, string>> = Object.create(null)
      for (const { diffIds, tags } of entries.values()) {
        const top = chainIds(diffIds).at(-1)
        if (top === undefined) continue
        for (const text of tags) {
          const { name, tag } = splitTag(text)
          named[name] = { ...named[name], [tag]: digestHex(top) }
        }
      }
      return Object.keys(named).length === 0 ? undefined : encodeText(JSON.stringify(named))
    },
  }
}

/** The name of a config in a docker-archive. */
export function configName(config: Digest): string {
  return `${digestHex(config)}.json`
}

/**
 * A name with a tag in the form that `docker save` writes: `alpine:3`, `ghcr.io/org/app:1`.
 *
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 * @throws ArchiveImageError `ERR_ARCHIVE_IMAGE` when there is no tag, or a digest
 */
export function repoTag(text: string): string {
  const reference: Reference = parseReference(text)
  if (reference.tag === undefined || reference.digest !== undefined) {
    throw new ArchiveImageError(`name ${JSON.stringify(text.slice(0, 160))}`, 'a name with a tag and without a digest')
  }
  return familiarReference(reference)
}

function splitTag(familiar: string): { readonly name: string; readonly tag: string } {
  const reference = parseReference(familiar)
  return { name: familiarRepository(reference), tag: reference.tag ?? 'latest' }
}
