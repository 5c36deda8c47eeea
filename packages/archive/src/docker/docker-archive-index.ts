import { encodeText, quote } from '@drayage/bytes'
import { type Digest, digestHex } from '@drayage/digest'
import { familiarReference, familiarRepository, parseReference, type Reference } from '@drayage/reference'

import { ArchiveImageError } from '../errors.ts'
import { bytesMember, type Member } from '../output/members.ts'

/** An image as a docker-archive describes it. */
export interface IndexedImage {
  readonly config: Digest
  /** The name of the config in the archive. */
  readonly configName: string
  /** Names of the layers in the archive, bottom to top. */
  readonly layerNames: readonly string[]
  /** The ID of the top layer's directory, if there is one. */
  readonly top: string | undefined
}

/** What a docker-archive says of its images. */
export interface DockerArchiveIndex {
  /** Adds an image, or tags to one that is there. A tag that another image has moves to this one. */
  add(image: IndexedImage, tags: readonly string[]): void
  /** Adds tags to an image; tells whether the image is there. */
  addTags(config: Digest, tags: readonly string[]): boolean
  /** `manifest.json`, and `repositories` when there are tags. */
  members(): readonly Member[]
}

interface Entry extends IndexedImage {
  readonly tags: Set<string>
}

/** Creates the index of an archive without images. */
export function createDockerArchiveIndex(): DockerArchiveIndex {
  const entries = new Map<Digest, Entry>()
  const give = (entry: Entry, tags: readonly string[]): void => {
    for (const tag of tags) {
      for (const other of entries.values()) if (other !== entry) other.tags.delete(tag)
      entry.tags.add(tag)
    }
  }
  return {
    add(image, tags) {
      const entry = entries.get(image.config) ?? { ...image, tags: new Set<string>() }
      entries.set(image.config, entry)
      give(entry, tags)
    },
    addTags(config, tags) {
      const entry = entries.get(config)
      if (entry !== undefined) give(entry, tags)
      return entry !== undefined
    },
    members() {
      const all = [...entries.values()]
      const repositories = repositoriesOf(all)
      return [
        bytesMember('manifest.json', encodeText(JSON.stringify(all.map(manifestItem)))),
        ...(repositories === undefined ? [] : [bytesMember('repositories', encodeText(JSON.stringify(repositories)))]),
      ]
    },
  }
}

function manifestItem({ configName, layerNames, tags }: Entry): object {
  return { Config: configName, RepoTags: tags.size === 0 ? null : [...tags], Layers: layerNames }
}

/** The top layers by name and tag; nothing when there are none. */
function repositoriesOf(entries: readonly Entry[]): Record<string, Record<string, string>> | undefined {
  const tops = new Map(
    entries.flatMap(({ top, tags }) => (top === undefined ? [] : [...tags].map((tag) => [tag, top] as const))),
  )
  const named: Record<string, Record<string, string>> = Object.create(null)
  // Go sorts the keys of maps.
  for (const [text, top] of [...tops].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const { name, tag } = splitTag(text)
    named[name] = { ...named[name], [tag]: top }
  }
  return Object.keys(named).length === 0 ? undefined : named
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
    throw new ArchiveImageError(`its name is ${quote(text)}, expected a name with a tag and without a digest`)
  }
  return familiarReference(reference)
}

function splitTag(familiar: string): { readonly name: string; readonly tag: string } {
  const reference = parseReference(familiar)
  return { name: familiarRepository(reference), tag: reference.tag ?? 'latest' }
}
