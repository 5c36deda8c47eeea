import { collect, type AbortOptions } from '@drayage/bytes'
import {
  ContentNotFoundError,
  NameNotFoundError,
  type Checker,
  type Fetcher,
  type Ingester,
  type Mounter,
  type ReferrerKeeper,
  type ReferrersOptions,
  type Resolver,
  type TaggedPutter,
  type Tagger,
} from '@drayage/content'
import { parseDigest, type Digest } from '@drayage/digest'
import { isManifestType, type DecodedManifest, type Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

import { contentPath, isManifestContent, manifestPath, repositoryPath } from './content-path.ts'
import { createUploader, type BeginOptions, type UploaderOptions } from './uploader.ts'
import { deleteContent } from './delete-content.ts'
import type { Endpoint } from './endpoint.ts'
import { RegistryNotFoundError } from './errors.ts'
import { fetchBlob, type BlobSource } from './fetch-blob.ts'
import { acceptManifest, fetchManifest } from './fetch-manifest.ts'
import { hasContent } from './has-content.ts'
import { MANIFEST_MAX_BYTES } from './limits.ts'
import { keepReferrers } from './keep-referrers.ts'
import { listReferrers } from './list-referrers.ts'
import { listTags } from './list-tags.ts'
import { createManifestMemory } from './manifest-memory.ts'
import { putManifest } from './put-manifest.ts'
import { deleteTag } from './delete-tag.ts'
import { resolveManifest } from './resolve-manifest.ts'
import type { UploadIngest } from './upload-ingest.ts'
import { verifyContent } from './verify-content.ts'

/** Options of `RepositoryClient.tags()`. */
export interface TagsOptions extends AbortOptions {
  /** Whether a mirror may give the list, which may know fewer tags than the registry does; `false` by default. */
  readonly mirrors?: boolean
}

/** Takes things out of a repository, where its registry does that at all. Each resolves to whether it was there. */
export interface RepositoryDeleter {
  /**
   * Deletes a manifest, and with it all tags that stand for it.
   *
   * @throws RegistryUnsupportedError `ERR_REGISTRY_UNSUPPORTED`
   */
  deleteManifest(digest: Digest, options?: AbortOptions): Promise<boolean>
  /**
   * Deletes a tag and leaves its manifest.
   *
   * @throws RegistryUnsupportedError `ERR_REGISTRY_UNSUPPORTED`; many registries delete manifests only
   */
  deleteTag(tag: string, options?: AbortOptions): Promise<boolean>
  /**
   * Deletes a blob.
   *
   * @throws RegistryUnsupportedError `ERR_REGISTRY_UNSUPPORTED`
   */
  deleteBlob(digest: Digest, options?: AbortOptions): Promise<boolean>
}

/**
 * One repository of a registry. Each call sends its requests once: repeating is for the caller, who knows how often and
 * shows it; every error tells with `retryable` whether that makes sense.
 */
export interface RepositoryClient
  extends Fetcher, Checker, Resolver, Ingester, Tagger, TaggedPutter, Mounter, ReferrerKeeper, RepositoryDeleter {
  readonly name: Repository
  /**
   * Fetches, verifies and decodes a manifest of at most 4 MiB, by descriptor or by reference: its digest, else its tag,
   * else `latest`.
   *
   * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND` for a descriptor
   * @throws NameNotFoundError `ERR_NAME_NOT_FOUND` for a reference
   */
  manifest(what: Descriptor | Reference, options?: AbortOptions): Promise<DecodedManifest>
  /**
   * The tags, in the registry's order, page by page while they are read.
   *
   * @throws RegistryListingError `ERR_REGISTRY_LISTING`
   */
  tags(options?: TagsOptions): AsyncIterable<string>
  /**
   * The manifests whose subject is the one with this digest; none when there are none. A registry without such a list is
   * asked for the tag that clients keep it under.
   *
   * @throws RegistryListingError `ERR_REGISTRY_LISTING`
   */
  referrers(digest: Digest, options?: ReferrersOptions): AsyncIterable<Descriptor>
  /**
   * Makes manifests that are in the repository known as referrers, where the registry does not list them itself: adds
   * them to the index under the tag that clients keep it under, and leaves in it what is there.
   *
   * @throws ManifestTooLargeError `ERR_MANIFEST_TOO_LARGE`
   */
  keepReferrers(subject: Digest, referrers: readonly Descriptor[], options?: AbortOptions): Promise<void>
  /**
   * Begins to push content, manifests too, or goes on where an earlier push of the same key stopped, if the registry still
   * has its session. Up to 4 MiB are held in memory until the commit; larger content goes to the registry as it comes. An
   * `append` that fails leaves the offset at what the registry has.
   *
   * @throws IngestKeyError `ERR_INGEST_KEY`
   */
  begin(key: string, options?: BeginOptions): Promise<UploadIngest>
  /**
   * Gives a tag, `latest` by default, to a manifest that is in the repository.
   *
   * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
   */
  tag(what: Descriptor, name: Reference, options?: AbortOptions): Promise<void>
  /**
   * Puts a manifest under a tag, `latest` by default, in one request; it is then there by its digest too.
   *
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`, also when the registry stores it by another digest
   */
  putTagged(what: Descriptor, bytes: Uint8Array, name: Reference, options?: AbortOptions): Promise<void>
}

/** A client of the repository `name` at `endpoint`. */
export function createRepositoryClient(
  endpoint: Endpoint,
  name: Repository,
  options: UploaderOptions,
): RepositoryClient {
  const base = repositoryPath(name)
  const manifests = createManifestMemory()

  const source = (what: Descriptor): BlobSource => {
    const path = contentPath(name, what)
    return isManifestContent(what)
      ? { endpoint, path, headers: { accept: acceptManifest(what.mediaType) } }
      : { endpoint, path }
  }

  const byReference = async <T>(reference: Reference, work: (path: string) => Promise<T>): Promise<T> => {
    const path = manifestPath(name, reference)
    try {
      return await work(path)
    } catch (error) {
      throw error instanceof RegistryNotFoundError ? new NameNotFoundError(shown(reference), { cause: error }) : error
    }
  }

  const byDescriptor = async (what: Descriptor, options: AbortOptions | undefined): Promise<DecodedManifest> => {
    const path = `${base}/manifests/${parseDigest(what.digest)}`
    const mediaType = isManifestType(what.mediaType) ? what.mediaType : undefined
    try {
      return await fetchManifest(endpoint, { path, digest: what.digest, mediaType }, options)
    } catch (error) {
      throw error instanceof RegistryNotFoundError ? new ContentNotFoundError(what.digest, { cause: error }) : error
    }
  }

  const has = async (what: Descriptor, options?: AbortOptions): Promise<boolean> =>
    await hasContent(source(what), what, options)

  const putByDigest = async (what: Descriptor, bytes: Uint8Array, options: AbortOptions): Promise<void> => {
    await putManifest(endpoint, { path: `${base}/manifests/${parseDigest(what.digest)}`, what, bytes }, options)
    manifests.set(what.digest, bytes)
  }

  const tagPath = ({ domain, path, tag: named }: Reference): string =>
    manifestPath(name, { domain, path, ...(named !== undefined && { tag: named }) })

  const tag = async (what: Descriptor, reference: Reference, options: AbortOptions = {}): Promise<void> => {
    const path = tagPath(reference)
    const held = manifests.get(what.digest)
    const fetched = (): Promise<Uint8Array> =>
      collect(fetchBlob(source(what), what, options), { maxBytes: MANIFEST_MAX_BYTES, signal: options.signal })
    await putManifest(endpoint, { path, what, bytes: held ?? (await fetched()) }, options)
  }

  const putTagged: RepositoryClient['putTagged'] = async (what, bytes, reference, options = {}) => {
    const path = tagPath(reference)
    verifyContent(bytes, what)
    await putManifest(endpoint, { path, what, bytes }, options)
    manifests.set(what.digest, bytes)
  }

  const uploader = createUploader({ endpoint, repository: name, base, has, putManifest: putByDigest, ...options })

  return {
    name,
    begin: uploader.begin,
    mount: uploader.mount,
    tag,
    putTagged,
    referrers: (digest, options) => listReferrers(endpoint, base, digest, options),
    keepReferrers: (subject, referrers, options = {}) =>
      keepReferrers(endpoint, { path: base, subject, referrers }, options),
    deleteManifest: async (digest, options) =>
      await deleteContent(endpoint, `${base}/manifests/${parseDigest(digest)}`, options),
    deleteBlob: async (digest, options) =>
      await deleteContent(endpoint, `${base}/blobs/${parseDigest(digest)}`, options),
    deleteTag: async (tag, options) => await deleteTag(endpoint, manifestPath(name, { ...name, tag }), options),
    fetch: async function* (what, options) {
      yield* fetchBlob(source(what), what, options)
    },
    has,
    resolve: (reference, options) =>
      byReference(reference, (path) => resolveManifest(endpoint, path, reference.digest, options)),
    manifest: (what, options) =>
      'mediaType' in what
        ? byDescriptor(what, options)
        : byReference(what, (path) => fetchManifest(endpoint, { path, digest: what.digest }, options)),
    tags: (options) => listTags(endpoint, base, options),
  }
}

function shown(reference: Reference): string {
  const name = `${reference.domain}/${reference.path}`
  return reference.digest === undefined ? `${name}:${reference.tag ?? 'latest'}` : `${name}@${reference.digest}`
}
