import type { AbortOptions } from '@drayage/bytes'

import { expectStatus } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { tagPath } from '../endpoints/repository-path.ts'
import { RegistryError, RegistryUnsupportedError } from '../errors/answer-errors.ts'
import { discardBody } from '../http/body.ts'

/**
 * Deletes what is at a path below that of the repository. Resolves to whether it was there.
 *
 * @throws RegistryUnsupportedError `ERR_REGISTRY_UNSUPPORTED`
 * @see OCI distribution-spec v1.1.1, "Content Management" (end-9, end-10)
 */
export async function deleteContent(
  { endpoint, path }: RemoteRepository,
  what: string,
  { signal }: AbortOptions = {},
): Promise<boolean> {
  const sent = await endpoint.send({ method: 'DELETE', path: path + what, signal })
  const { response } = sent.response.status === 404 ? sent : await expectStatus(sent, 200, 202, 204)
  await discardBody(response)
  return response.status !== 404
}

/** The codes of registries that take the tag for a malformed digest. */
const NOT_A_DIGEST: readonly string[] = ['DIGEST_INVALID', 'TAG_INVALID', 'MANIFEST_INVALID']

/**
 * Deletes a tag and leaves its manifest. Resolves to whether it was there.
 *
 * @throws RegistryUnsupportedError `ERR_REGISTRY_UNSUPPORTED`, also where a registry complains of the digest
 * @throws TypeError when it is not a tag
 */
export async function deleteTag(remote: RemoteRepository, tag: string, options?: AbortOptions): Promise<boolean> {
  try {
    return await deleteContent(remote, tagPath(tag), options)
  } catch (error) {
    const isMisread =
      error instanceof RegistryError && error.status === 400 && error.codes.some((code) => NOT_A_DIGEST.includes(code))
    throw isMisread ? new RegistryUnsupportedError(error, { cause: error }) : error
  }
}
