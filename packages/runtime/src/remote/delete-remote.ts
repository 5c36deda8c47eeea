import { NameNotFoundError } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { familiarReference, formatReference, type Reference } from '@drayage/reference'
import { RegistryUnsupportedError, type RepositoryClient } from '@drayage/registry'

import type { RegistryAccess, TransferSettings } from '../runtime.ts'
import { RemoteDeleteError } from '../errors.ts'
import { askAgain, type AskOptions } from './ask-again.ts'
import { openRemote } from './remote.ts'

/** Options of {@link deleteRemote}. */
export interface DeleteRemoteOptions extends AskOptions {
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
  runtime: RegistryAccess & TransferSettings,
  reference: Reference,
  options: DeleteRemoteOptions = {},
): Promise<DeletedRemote> {
  const { force = false, ...asking } = options
  const { signal } = asking
  const { tag, digest } = reference
  // A mirror may be behind, and what it says must not decide what is deleted.
  const remote = openRemote(runtime, reference, { mirrors: false })
  if (digest !== undefined) {
    if (tag !== undefined)
      throw new RemoteDeleteError(familiarReference(reference), 'a tag and a digest', 'one of them')
    return await deleteManifest(runtime, remote, reference, digest, asking)
  }
  if (tag === undefined) throw new RemoteDeleteError(familiarReference(reference), 'no tag', 'a tag or a digest')
  try {
    const isDeleted = await deleteAgain(runtime, reference, () => remote.deleteTag(tag, { signal }), asking)
    if (isDeleted) return { kind: 'tag', reference }
  } catch (cause) {
    if (!(cause instanceof RegistryUnsupportedError)) throw cause
    const resolve = (): Promise<Descriptor> => remote.resolve(reference, { signal })
    const target = await askAgain(runtime, `"${familiarReference(reference)}"`, resolve, asking)
    if (!force) {
      const found = 'a registry that does not delete a tag alone'
      throw new RemoteDeleteError(familiarReference(reference), found, 'force to delete its manifest with all tags', {
        cause,
      })
    }
    return await deleteManifest(runtime, remote, reference, target.digest, asking)
  }
  throw new NameNotFoundError(formatReference(reference))
}

async function deleteManifest(
  runtime: TransferSettings,
  remote: RepositoryClient,
  reference: Reference,
  digest: Digest,
  options: AskOptions,
): Promise<DeletedRemote> {
  const { signal } = options
  const isDeleted = await deleteAgain(runtime, reference, () => remote.deleteManifest(digest, { signal }), options)
  if (!isDeleted) throw new NameNotFoundError(formatReference(reference))
  return { kind: 'manifest', reference, digest }
}

/** Deletes, again after failures that can pass. What is gone after a failed try was deleted by it. */
async function deleteAgain(
  runtime: TransferSettings,
  reference: Reference,
  remove: () => Promise<boolean>,
  options: AskOptions,
): Promise<boolean> {
  let tries = 0
  const once = async (): Promise<boolean> => {
    tries++
    return (await remove()) || tries > 1
  }
  return await askAgain(runtime, `"${familiarReference(reference)}"`, once, options)
}
