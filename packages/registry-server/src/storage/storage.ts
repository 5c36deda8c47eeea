import type { AbortOptions } from '@drayage/bytes'
import type { ContentStore } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

/**
 * What a repository holds. Content is visible through a repository only while it is linked there; unlinking keeps the
 * bytes, which other repositories may hold.
 */
export interface Links {
  /** Makes `what` visible in the repository; durable when it resolves. */
  link(repository: string, what: Descriptor, options?: AbortOptions): Promise<void>
  /** The linked descriptor; `undefined` when it is not linked. */
  find(repository: string, digest: Digest, options?: AbortOptions): Promise<Descriptor | undefined>
  /**
   * Removes it from the repository. Resolves to whether it was there.
   *
   * @throws RequestRefusedError `ERR_REQUEST_REFUSED` when something else in the storage needs it
   */
  unlink(repository: string, digest: Digest, options?: AbortOptions): Promise<boolean>
}

/** The tags of repositories. */
export interface Tags {
  /** Makes `tag` stand for `digest`; durable when it resolves. */
  set(repository: string, tag: string, digest: Digest, options?: AbortOptions): Promise<void>
  /** What `tag` stands for. */
  get(repository: string, tag: string, options?: AbortOptions): Promise<Digest | undefined>
  /** Removes `tag`. Resolves to whether it was there. */
  remove(repository: string, tag: string, options?: AbortOptions): Promise<boolean>
}

/** Which manifests of a repository have which subject. */
export interface Referrers {
  /** Records that `referrer` has this subject. */
  add(repository: string, subject: Digest, referrer: Descriptor, options?: AbortOptions): Promise<void>
  /** The referrers of `subject` in the order of their digests, from the one after `after` on. */
  list(repository: string, subject: Digest, options?: ReferrerListOptions): AsyncIterable<Descriptor>
  /** Forgets one referrer. */
  remove(repository: string, subject: Digest, referrer: Digest, options?: AbortOptions): Promise<void>
}

/** Options of {@link Referrers.list}. */
export interface ReferrerListOptions extends AbortOptions {
  /** The digest before the first one wanted. */
  readonly after?: Digest | undefined
}

/** Which part of a sorted list of names is wanted. */
export interface NamePage extends AbortOptions {
  /** The most names to give. */
  readonly limit: number
  /** The name before the first one wanted, whether it exists or not. */
  readonly after?: string | undefined
}

/** The names there are, sorted by their UTF-16 units. */
export interface NameLister {
  /** Repositories that were written to. */
  repositories(page: NamePage): Promise<readonly string[]>
  /** Tags of a repository; `undefined` when the repository was never written to. */
  tags(repository: string, page: NamePage): Promise<readonly string[] | undefined>
}

/** An upload that has begun. Its bytes are in the ingest whose key is `id`. */
export interface UploadSession {
  /** 32 lower-case hex digits. */
  readonly id: string
  readonly repository: string
  /** In milliseconds since 1970. */
  readonly startedAtMs: number
}

/** The uploads that have begun. */
export interface UploadSessions {
  open(session: UploadSession, options?: AbortOptions): Promise<void>
  find(id: string, options?: AbortOptions): Promise<UploadSession | undefined>
  /** Forgets a session; one that is not there is no error. */
  close(id: string, options?: AbortOptions): Promise<void>
}

/** Lists the uploads that have begun. */
export interface UploadLister {
  uploads(options?: AbortOptions): AsyncIterable<UploadSession>
}

/** Everything that a registry keeps: bytes in a content store, and small records about them. */
export interface RegistryStorage {
  /** The bytes of all repositories. */
  readonly content: ContentStore
  readonly blobs: Links
  readonly manifests: Links
  readonly tags: Tags
  readonly referrers: Referrers
  readonly names: NameLister
  readonly uploads: UploadSessions & UploadLister
}
