import type { Platform } from '@drayage/manifest'

import type { VersionParts } from './version.ts'

/** Chooses tags of those that a repository has. Each rule that is there has to hold; without any, all tags are chosen. */
export interface TagFilter {
  /** Regular expressions of whole tags, of which one has to match. */
  readonly include?: readonly string[]
  /** Regular expressions of whole tags, of which none may match. */
  readonly exclude?: readonly string[]
  /** A range such as `>=1.2 <2`; what is no version is not chosen. */
  readonly versions?: string
  /** How many of the newest versions are chosen. */
  readonly latest?: number
  /** How many numbers a version has; 3 by default, so that `1.2`, which moves, is none. */
  readonly parts?: VersionParts
  /** Whether a version such as `1.2.0-rc.1` is chosen; `false` by default. */
  readonly prereleases?: boolean
}

/** Chooses repositories of those that a registry has. Each rule that is there has to hold. */
export interface RepositoryFilter {
  /** Regular expressions of whole paths, of which one has to match. */
  readonly include?: readonly string[]
  /** Regular expressions of whole paths, of which none may match. */
  readonly exclude?: readonly string[]
}

/** An image, or several of a repository or a registry, that are to be the same in another place. */
export interface SyncImage {
  /** A registry when there are `repositories` or a filter of them, else a repository when there are `tags` or a `filter`, else an image. */
  readonly from: string
  readonly to: string
  /** Repositories of the registry by their paths, which are not looked up in a list; each goes below `to`. */
  readonly repositories?: readonly string[]
  /** Chooses among all repositories of the registry, in place of `repositories`. */
  readonly repositoryFilter?: RepositoryFilter
  /** Tags by their names, which are not looked up in a list. */
  readonly tags?: readonly string[]
  /** Chooses among all tags, in place of `tags`. */
  readonly filter?: TagFilter
  /** The images of indexes that are kept; by default the whole index. */
  readonly platforms?: readonly Platform[]
  /**
   * How an index is kept of which some images are chosen: `sparse` as it is, which some registries refuse, or `rewrite` as a
   * new index of these images. By default one image is kept without its index, and several with a new one.
   */
  readonly index?: 'sparse' | 'rewrite'
  /** What refers to the image, such as signatures, goes along: all of it, or of some artifact types; nothing by default. */
  readonly referrers?: 'all' | readonly string[]
}

/** What is to be kept equal. */
export interface SyncFile {
  readonly images: readonly SyncImage[]
  /** How many images are compared and copied at a time. */
  readonly concurrency: number
}
