import type { Platform } from '@drayage/manifest'

import type { VersionParts } from '../tags/version.ts'

/** Selects some tags of a repository. All given rules must hold; without rules, all tags are selected. */
export interface TagFilter {
  /** Regular expressions for whole tags, one of which must match. */
  readonly include?: readonly string[]
  /** Regular expressions for whole tags, none of which may match. */
  readonly exclude?: readonly string[]
  /** A range such as `>=1.2 <2`; tags that are not versions are not selected. */
  readonly versions?: string
  /** How many of the newest versions are selected. */
  readonly latest?: number
  /** How many numbers a version has; 3 by default, so that `1.2`, a tag that moves, is not a version. */
  readonly parts?: VersionParts
  /** Whether versions such as `1.2.0-rc.1` are selected; `false` by default. */
  readonly prereleases?: boolean
}

/** Selects some repositories of a registry. All given rules must hold. */
export interface RepositoryFilter {
  /** Regular expressions for whole paths, one of which must match. */
  readonly include?: readonly string[]
  /** Regular expressions for whole paths, none of which may match. */
  readonly exclude?: readonly string[]
}

/** An image, or several of a repository or registry, to keep the same in another place. */
export interface SyncImage {
  /** A registry with `repositories` or `repositoryFilter`, a repository with `tags` or `filter`, otherwise an image. */
  readonly from: string
  readonly to: string
  /** Paths of repositories, used without listing the registry; each is copied below `to`. */
  readonly repositories?: readonly string[]
  /** Selects among all repositories of the registry, instead of `repositories`. */
  readonly repositoryFilter?: RepositoryFilter
  /** Tags, used without listing the repository. */
  readonly tags?: readonly string[]
  /** Selects among all tags, instead of `tags`. */
  readonly filter?: TagFilter
  /** The platforms of an index to copy; the whole index by default. */
  readonly platforms?: readonly Platform[]
  /**
   * What becomes of an index when only some of its platforms are copied: `sparse` keeps it unchanged, which some registries
   * refuse; `rewrite` makes a new index of the copied images. By default a single image is copied without its index, and
   * several get a new one.
   */
  readonly index?: 'sparse' | 'rewrite'
  /** Which referrers, such as signatures, are copied too: all, or those of some artifact types; none by default. */
  readonly referrers?: 'all' | readonly string[]
}

/** A sync file: which images to keep equal. */
export interface SyncFile {
  readonly images: readonly SyncImage[]
  /** How many images are compared and copied at a time. */
  readonly concurrency: number
}
