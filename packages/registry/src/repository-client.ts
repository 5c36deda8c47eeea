import { createLruMap, type AbortOptions, type ByteStream } from '@drayage/bytes'
import type {
  BlobSizer,
  Checker,
  Fetcher,
  Ingester,
  Mounter,
  ReferrerKeeper,
  ReferrerLister,
  Resolver,
  SignedPutter,
  TaggedPutter,
  Tagger,
} from '@drayage/content'
import { parseDigest, type Digest } from '@drayage/digest'
import { manifestKind, type DecodedManifest, type Descriptor } from '@drayage/manifest'
import { repositoryOf, type Reference, type Repository } from '@drayage/reference'

import { findCandidates, readFirst, type Fallback, type RemoteRepository } from './endpoints/fallback.ts'
import { referencePath } from './endpoints/repository-path.ts'
import { MAX_ENDPOINTS } from './limits.ts'
import { fetchContent } from './read/fetch-content.ts'
import { fetchDescribed, fetchManifest, orNameNotFound, resolveManifest } from './read/fetch-manifest.ts'
import { blobSize } from './read/blob-size.ts'
import { hasContent } from './read/has-content.ts'
import { listReferrers } from './read/list-referrers.ts'
import { listTags } from './read/list-tags.ts'
import type { UploadIngest } from './upload/upload-ingest.ts'
import type { BeginUploadOptions, UploaderOptions } from './upload/uploader.ts'
import { deleteContent, deleteTag } from './write/delete-content.ts'
import { keepReferrers } from './write/keep-referrers.ts'
import { createRepositoryWriter, type RepositoryWriter } from './write/repository-writer.ts'

/** Options of {@link RepositoryTags.tags}. */
export interface TagsOptions extends AbortOptions {
  /** Whether a mirror may give the list, which may know fewer tags than the registry; `false` by default. */
  readonly mirrors?: boolean
}

/** Reads what a repository holds, from its mirrors too. */
export interface RepositoryReader extends Fetcher, Checker, Resolver, BlobSizer {
  /**
   * Fetches, verifies and decodes a manifest of at most 4 MiB, by descriptor or by reference: its digest, else its tag,
   * else `latest`.
   *
   * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND` for a descriptor
   * @throws NameNotFoundError `ERR_NAME_NOT_FOUND` for a reference
   */
  manifest(what: Descriptor | Reference, options?: AbortOptions): Promise<DecodedManifest>
  /**
   * Fetches a manifest by its tag, verified by its digest, from a registry that does not give it by that, and says which
   * server it came from.
   *
   * @throws NameNotFoundError `ERR_NAME_NOT_FOUND`
   * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
   */
  fetchNamed(
    what: Descriptor,
    name: Reference,
    options?: AbortOptions,
  ): Promise<{ readonly bytes: Uint8Array; readonly origin: string }>
}

/** Lists the tags of a repository. */
export interface RepositoryTags {
  /**
   * The tags, in the registry's order, page by page while they are read.
   *
   * @throws RegistryListingError `ERR_REGISTRY_LISTING`
   */
  tags(options?: TagsOptions): AsyncIterable<string>
}

/** Takes content into a repository. */
export interface RepositoryIngester extends Ingester, Mounter {
  /**
   * Begins to push content, manifests too, or continues where an earlier push of the same key stopped, if the registry
   * still has its session. Up to 4 MiB are held in memory until the commit; larger content goes to the registry as it
   * comes. An `append` that fails leaves the offset at what the registry has.
   *
   * `mount` resolves to `false` for every way in which registries decline; an upload that they open instead is used by the
   * next `begin`.
   */
  begin(key: string, options?: BeginUploadOptions): Promise<UploadIngest>
}

/**
 * Gives tags, `latest` by default, to manifests. `putTagged` takes one request, after which the manifest is there by its
 * digest too; `tag` is for a manifest that is in the repository.
 */
export interface RepositoryTagger extends Tagger, TaggedPutter, SignedPutter {}

/** Deletes from a repository, where its registry allows it. Each call resolves to whether it was there. */
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
 * One repository of a registry. Each call sends its requests once: retries are the caller's, who knows how often and shows
 * them; `retryable` of an error says whether they make sense. Its referrers are asked under the tag where clients keep them,
 * when the registry does not list them itself.
 */
export interface RepositoryClient
  extends
    RepositoryReader,
    RepositoryTags,
    ReferrerLister,
    RepositoryIngester,
    RepositoryTagger,
    ReferrerKeeper,
    RepositoryDeleter {
  readonly name: Repository
}

/**
 * Creates the client of a repository. It reads from the first server that answers, and writes and deletes at the registry
 * itself, which gives lists too unless mirrors are allowed.
 */
export function createRepositoryClient(fallback: Fallback, uploads: UploaderOptions): RepositoryClient {
  const { name } = fallback
  const writers = createLruMap<string, RepositoryWriter>({ maxEntries: MAX_ENDPOINTS })

  /** The registry itself. */
  const itself = async ({ signal }: AbortOptions = {}): Promise<RemoteRepository> => {
    const [remote] = (await findCandidates(fallback, { use: 'push', signal })).remotes
    if (remote === undefined) throw new TypeError('Cannot ask: there is no server')
    return remote
  }
  const writer = async (options?: AbortOptions): Promise<RepositoryWriter> => {
    const remote = await itself(options)
    const found = writers.get(remote.key) ?? createRepositoryWriter(remote, fallback, uploads)
    writers.set(remote.key, found)
    return found
  }
  const pull = <T>(
    digest: Digest | undefined,
    { signal }: AbortOptions,
    ask: (remote: RemoteRepository) => Promise<T>,
  ): Promise<T> =>
    digest === undefined
      ? readFirst(fallback, { use: 'resolve', signal }, ask)
      : readFirst(fallback, { use: 'pull', content: { digest, offset: 0 }, signal }, ask)
  const manifestOf = async (what: Descriptor, options: AbortOptions): Promise<DecodedManifest> =>
    await pull(what.digest, options, (remote) => fetchDescribed(remote, what, options))

  return {
    name,
    fetch: (what, options = {}) =>
      manifestKind(what.mediaType) === 'schema1'
        ? received(() => manifestOf(what, options), options.offset)
        : fetchContent(fallback, what, options),
    sizeOf: async (blob, options = {}) =>
      await pull(blob.digest, options, (remote) => blobSize(remote, blob.digest, options)),
    has: async (what, options) => await hasContent(await itself(options), what, options),
    resolve: async (reference, options = {}) => {
      const { digest } = reference
      const wanted = { path: referencePath(name, reference), digest }
      return await pull(digest, options, (remote) =>
        orNameNotFound(reference, resolveManifest(remote, wanted, options)),
      )
    },
    manifest: async (what, options = {}) => {
      const { digest } = what
      if ('mediaType' in what) return await manifestOf(what, options)
      const wanted = { path: referencePath(name, what), digest }
      return await pull(digest, options, (remote) => orNameNotFound(what, fetchManifest(remote, wanted, options)))
    },
    fetchNamed: async ({ digest, mediaType }, { tag, ...named }, options = {}) => {
      const asked = { ...repositoryOf(named), ...(tag !== undefined && { tag }) }
      const wanted = { path: referencePath(name, asked), digest, mediaType }
      return await pull(undefined, options, async (remote) => {
        const manifest = await orNameNotFound(asked, fetchManifest(remote, wanted, options))
        // As fetch() gives it: with its signatures.
        const bytes = manifest.kind === 'schema1' ? manifest.received : manifest.bytes
        return { bytes, origin: remote.endpoint.origin().origin }
      })
    },
    tags: async function* (options = {}) {
      const begin = async (remote: RemoteRepository) => {
        const tags = listTags(remote, options)
        return { tags, first: await tags.next() }
      }
      // One server gives all pages: those of two do not fit together.
      const { tags, first } =
        options.mirrors === true ? await pull(undefined, options, begin) : await begin(await itself(options))
      try {
        for (let next = first; next.done !== true; next = await tags.next()) yield next.value
      } finally {
        await tags.return?.()
      }
    },
    referrers: async function* (subject, options) {
      yield* listReferrers(await itself(options), subject, options)
    },
    begin: async (key, options) => await (await writer(options)).begin(key, options),
    mount: async (what, from, options) => await (await writer(options)).mount(what, from, options),
    tag: async (what, reference, options) => await (await writer(options)).tag(what, reference, options),
    putTagged: async (what, bytes, reference, options) =>
      await (await writer(options)).putTagged(what, bytes, reference, options),
    putSigned: async (what, signed, reference, options) =>
      await (await writer(options)).putSigned(what, signed, reference, options),
    keepReferrers: async (subject, referrers, options) =>
      await keepReferrers(await itself(options), subject, referrers, options),
    deleteManifest: async (digest, options) =>
      await deleteContent(await itself(options), `/manifests/${parseDigest(digest)}`, options),
    deleteTag: async (tag, options) => await deleteTag(await itself(options), tag, options),
    deleteBlob: async (digest, options) =>
      await deleteContent(await itself(options), `/blobs/${parseDigest(digest)}`, options),
  }
}

/** A schema 1 manifest with its signatures; its size is known once it is here. */
async function* received(read: () => Promise<DecodedManifest>, offset: number = 0): ByteStream {
  const manifest = await read()
  yield ('received' in manifest ? manifest.received : manifest.bytes).subarray(offset)
}
