import { quote } from '@drayage/bytes'
import { parseDigest } from '@drayage/digest'
import { isIndexType, isManifestType, type Descriptor } from '@drayage/manifest'
import { isRepositoryPath, isTag, type Reference, type Repository } from '@drayage/reference'

/**
 * The path below `/v2/` of a repository. Values that no parser made are checked here once more, so that nothing but a
 * name gets into a URL.
 *
 * @throws TypeError when `path` is not the path of a repository
 */
export function repositoryPath(path: string): string {
  if (!isRepositoryPath(path))
    throw new TypeError(`Cannot address repository ${quote(path)}: it is not a repository path`)
  return `/v2/${path}`
}

/** Tells whether content lives under `/manifests/` and not under `/blobs/`. */
export function isManifestContent(what: Descriptor): boolean {
  return isManifestType(what.mediaType) || isIndexType(what.mediaType)
}

/** The path of content by its digest, below that of its repository. @throws DigestSyntaxError `ERR_DIGEST_SYNTAX` */
export function contentPath(what: Descriptor): string {
  return `${isManifestContent(what) ? '/manifests/' : '/blobs/'}${parseDigest(what.digest)}`
}

/**
 * The path of the manifest that a reference names, below that of its repository: its digest, else its tag, else `latest`.
 *
 * @throws TypeError when the reference is of another repository, or its tag is not one
 */
export function referencePath(repository: Repository, reference: Reference): string {
  if (reference.domain !== repository.domain || reference.path !== repository.path) {
    const [asked, own] = [reference, repository].map(({ domain, path }) => quote(`${domain}/${path}`))
    throw new TypeError(`Cannot look up a reference of ${asked}: the client is of ${own}`)
  }
  const { digest, tag = 'latest' } = reference
  return digest === undefined ? tagPath(tag) : `/manifests/${parseDigest(digest)}`
}

/** The path of the manifest of a tag, below that of its repository. @throws TypeError when it is not a tag */
export function tagPath(tag: string): string {
  if (!isTag(tag)) throw new TypeError(`Cannot look up tag ${quote(tag)}: it is not a tag`)
  return `/manifests/${tag}`
}
