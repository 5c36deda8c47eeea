import { parseDigest } from '@drayage/digest'
import { isIndexType, isManifestType, type Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

const LONGEST_PATH = 255

/**
 * The path below `/v2/` of a repository. Values that no parser made are checked here once more, so that nothing but a
 * name gets into a URL.
 *
 * @throws TypeError when the path of `repository` is not one
 */
export function repositoryPath(repository: Repository): string {
  const { path } = repository
  const isName =
    path.length <= LONGEST_PATH && path.split('/').every((part) => /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/.test(part))
  if (!isName)
    throw new TypeError(
      `Cannot address repository ${JSON.stringify(path.slice(0, LONGEST_PATH))}: found another form, expected a repository path`,
    )
  return `/v2/${path}`
}

/** Tells whether content lives under `/manifests/` and not under `/blobs/`. */
export function isManifestContent(what: Descriptor): boolean {
  return isManifestType(what.mediaType) || isIndexType(what.mediaType)
}

/** The path of content by its digest. @throws DigestSyntaxError `ERR_DIGEST_SYNTAX` */
export function contentPath(repository: Repository, what: Descriptor): string {
  const kind = isManifestContent(what) ? 'manifests' : 'blobs'
  return `${repositoryPath(repository)}/${kind}/${parseDigest(what.digest)}`
}

/**
 * The path of the manifest that a reference names: its digest, else its tag, else `latest`.
 *
 * @throws TypeError when the reference is of another repository, or its tag is not one
 */
export function manifestPath(repository: Repository, reference: Reference): string {
  if (reference.domain !== repository.domain || reference.path !== repository.path) {
    throw new TypeError(
      `Cannot look up a reference of ${JSON.stringify(`${reference.domain}/${reference.path}`)}: found another repository, expected "${repository.domain}/${repository.path}"`,
    )
  }
  const base = `${repositoryPath(repository)}/manifests/`
  if (reference.digest !== undefined) return base + parseDigest(reference.digest)
  const tag = reference.tag ?? 'latest'
  if (!/^\w[\w.-]{0,127}$/.test(tag))
    throw new TypeError(`Cannot look up tag ${JSON.stringify(tag.slice(0, 128))}: found another form, expected a tag`)
  return base + tag
}
