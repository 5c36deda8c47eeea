import type { AbortOptions } from '@drayage/bytes'

import { deleteContent } from './delete-content.ts'
import type { Endpoint } from './endpoint.ts'
import { RegistryError, RegistryUnsupportedError } from './errors.ts'

/** The codes of registries that take the tag for a digest that is none. */
const NOT_A_DIGEST: readonly string[] = ['DIGEST_INVALID', 'TAG_INVALID', 'MANIFEST_INVALID']

/**
 * Deletes the tag at a path. Resolves to whether it was there.
 *
 * @throws RegistryUnsupportedError `ERR_REGISTRY_UNSUPPORTED`, also where a registry complains of the digest
 */
export async function deleteTag(endpoint: Endpoint, path: string, options: AbortOptions = {}): Promise<boolean> {
  try {
    return await deleteContent(endpoint, path, options)
  } catch (error) {
    const isMisread =
      error instanceof RegistryError && error.status === 400 && error.codes.some((code) => NOT_A_DIGEST.includes(code))
    if (isMisread) throw new RegistryUnsupportedError(error, { cause: error })
    throw error
  }
}
