import type { Digest } from '@drayage/digest'

/** A repository in normal form: `docker.io/library/alpine`. */
export interface Repository {
  /** Host and optional port, such as `docker.io` or `localhost:5000`. */
  readonly domain: string
  /** The name within the host, such as `library/alpine`. */
  readonly path: string
}

/** An image reference in normal form: a repository with a tag, a digest, both or neither. */
export interface Reference extends Repository {
  readonly tag?: string
  readonly digest?: Digest
}
