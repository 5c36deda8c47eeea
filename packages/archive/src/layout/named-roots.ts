import type { Descriptor } from '@drayage/manifest'
import { familiarReference, formatReference, formatRepository, type Reference } from '@drayage/reference'

import { IMAGE_NAME } from './layout-names.ts'

/** Content on its way into the index of a layout. */
export interface LayoutRoot {
  readonly what: Descriptor
  /** Its name there, `org.opencontainers.image.ref.name`. */
  readonly refName?: string | undefined
}

/** Content with the names that it gets in a layout. */
export interface NamedContent {
  readonly what: Descriptor
  /** Names with a tag. */
  readonly names: readonly Reference[]
}

/**
 * The entries of a layout's index for content with these names: one for each name, or one without a name. An entry has
 * its full name as Docker Engine and containerd write it, and is called by its tag alone where only one repository has
 * that tag, which is what most tools look for, else by its familiar name.
 */
export function namedRoots(contents: readonly NamedContent[]): LayoutRoot[] {
  return contents.flatMap(rootNaming(contents))
}

/** {@link namedRoots} of each one among `contents`. */
export function rootNaming(contents: readonly NamedContent[]): (content: NamedContent) => LayoutRoot[] {
  const repositories = new Map<string, Set<string>>()
  for (const name of contents.flatMap(({ names }) => names)) {
    const { tag = 'latest' } = name
    repositories.set(tag, (repositories.get(tag) ?? new Set()).add(formatRepository(name)))
  }
  return ({ what, names }) => {
    if (names.length === 0) return [{ what: entryOf(what) }]
    return names.map((name) => {
      const { tag = 'latest' } = name
      const isOnly = repositories.get(tag)?.size === 1
      return { what: entryOf(what, name), refName: isOnly ? tag : familiarReference(name) }
    })
  }
}

/** `what` with its full name, and without what another layout said of it. */
function entryOf({ mediaType, digest, size, artifactType, platform }: Descriptor, name?: Reference): Descriptor {
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== undefined && { artifactType }),
    ...(platform !== undefined && { platform }),
    ...(name !== undefined && { annotations: { [IMAGE_NAME]: formatReference(name) } }),
  }
}
