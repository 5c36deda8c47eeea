import type { AbortOptions } from '@drayage/bytes'
import { ContentNotFoundError, NameNotFoundError, type Checker, type Fetcher, type Resolver } from '@drayage/content'
import { parseDigest } from '@drayage/digest'
import { isManifestType, type DecodedManifest, type Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

import { contentPath, isManifestContent, manifestPath, repositoryPath } from './content-path.ts'
import type { Endpoint } from './endpoint.ts'
import { RegistryNotFoundError } from './errors.ts'
import { fetchBlob, type BlobSource } from './fetch-blob.ts'
import { acceptManifest, fetchManifest } from './fetch-manifest.ts'
import { hasContent } from './has-content.ts'
import { listTags } from './list-tags.ts'
import { resolveManifest } from './resolve-manifest.ts'

/**
 * One repository of a registry. Each call sends its requests once: repeating is for the caller, who knows how often and
 * shows it; every error tells with `retryable` whether that makes sense.
 */
export interface RepositoryClient extends Fetcher, Checker, Resolver {
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
  tags(options?: AbortOptions): AsyncIterable<string>
}

/** A client of the repository `name` at `endpoint`. */
export function createRepositoryClient(endpoint: Endpoint, name: Repository): RepositoryClient {
  const base = repositoryPath(name)

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

  return {
    name,
    fetch: async function* (what, options) {
      yield* fetchBlob(source(what), what, options)
    },
    has: async (what, options) => await hasContent(source(what), what, options),
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
