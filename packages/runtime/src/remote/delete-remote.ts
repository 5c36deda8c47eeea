import type { AbortOptions } from '@drayage/bytes'
import { NameNotFoundError } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { familiarReference, formatReference, type Reference } from '@drayage/reference'
import { RegistryUnsupportedError, type RepositoryClient } from '@drayage/registry'

import type { Runtime } from '../create-runtime.ts'
import { RemoteDeleteError } from '../errors.ts'
import { openRemote } from './remote.ts'

/** Options of {@link deleteRemote}. */
export interface DeleteRemoteOptions extends AbortOptions {
  /**
   * Whether the manifest goes, with all its tags, where the registry cannot delete a tag alone; `false` by default.
   */
  readonly force?: boolean
}

/** What was deleted: a tag alone, or a manifest with its tags. */
export type DeletedRemote =
  | { readonly kind: 'tag'; readonly reference: Reference }
  | { readonly kind: 'manifest'; readonly reference: Reference; readonly digest: Digest }

/**
 * Deletes a tag from its registry and leaves its manifest there, or deletes a manifest by its digest. Layers are left to
 * the registry.
 *
 * @param reference with a tag or a digest, not both
 * @throws RemoteDeleteError `ERR_REMOTE_DELETE` for a tag that the registry cannot delete alone, unless `force`, and for a
 * reference with both or none
 * @throws NameNotFoundError `ERR_NAME_NOT_FOUND`
 * @throws RegistryUnsupportedError `ERR_REGISTRY_UNSUPPORTED` for a registry that does not delete
 */
export async function deleteRemote(
  runtime: Runtime,
  reference: Reference,
  options: DeleteRemoteOptions = {},
): Promise<DeletedRemote> {
  const { signal, force = false } = options
  const { tag, digest } = reference
  // A mirror may be behind, and what it says must not decide what is deleted.
  const remote = openRemote(runtime, reference, { mirrors: false })
  if (digest !== undefined) {
    if (tag !== undefined)
      throw new RemoteDeleteError(familiarReference(reference), 'a tag and a digest', 'one of them')
    return await deleteManifest(remote, reference, digest, { signal })
  }
  if (tag === undefined) throw new RemoteDeleteError(familiarReference(reference), 'no tag', 'a tag or a digest')
  try {
    if (await remote.deleteTag(tag, { signal })) return { kind: 'tag', reference }
  } catch (cause) {
    if (!(cause instanceof RegistryUnsupportedError)) throw cause
    const target = await remote.resolve(reference, { signal })
    if (!force) {
      const found = 'a registry that does not delete a tag alone'
      throw new RemoteDeleteError(familiarReference(reference), found, 'force to delete its manifest with all tags', {
        cause,
      })
    }
    return await deleteManifest(remote, reference, target.digest, { signal })
  }
  throw new NameNotFoundError(formatReference(reference))
}

async function deleteManifest(
  remote: RepositoryClient,
  reference: Reference,
  digest: Digest,
  options: AbortOptions,
): Promise<DeletedRemote> {
  if (!(await remote.deleteManifest(digest, options))) throw new NameNotFoundError(formatReference(reference))
  return { kind: 'manifest', reference, digest }
}
