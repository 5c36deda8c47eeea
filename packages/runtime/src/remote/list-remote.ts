import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { familiarReference, familiarRepository, type Repository, withDigest } from '@drayage/reference'
import type { FoundRepository } from '@drayage/registry'

import type { RegistryAccess, TransferSettings } from '../runtime.ts'
import { askAgain, listAgain, type AskOptions } from './ask-again.ts'
import { openRemote } from './remote.ts'

/** Options of {@link remoteTags}. */
export interface RemoteTagsOptions extends AskOptions {
  /** Whether a mirror may give the list; `false` by default. */
  readonly mirrors?: boolean
}

/**
 * The tags of a repository, in the registry's order, page by page while they are read.
 *
 * @throws RegistryListingError `ERR_REGISTRY_LISTING`
 */
export function remoteTags(
  runtime: RegistryAccess & TransferSettings,
  repository: Repository,
  { mirrors = false, ...options }: RemoteTagsOptions = {},
): AsyncIterable<string> {
  const { signal } = options
  const remote = openRemote(runtime, repository)
  const what = `the tags of "${familiarRepository(repository)}"`
  return listAgain(runtime, what, () => remote.tags({ mirrors, signal }), itself, options)
}

/**
 * The paths of the repositories of a registry, in its order.
 *
 * @param host such as `registry.example:5000`
 * @throws RegistryListingError `ERR_REGISTRY_LISTING`
 * @throws TypeError for text that is no host
 */
export function remoteCatalog(
  runtime: RegistryAccess & TransferSettings,
  host: string,
  options: AskOptions = {},
): AsyncIterable<string> {
  const { signal } = options
  const list = (): AsyncIterable<string> => runtime.registry.catalog(host, { signal })
  // Text that is no host is refused before anything is read.
  list()
  return listAgain(runtime, `the repositories of "${host}"`, list, itself, options)
}

/** Options of {@link remoteReferrers}. */
export interface RemoteReferrersOptions extends AskOptions {
  /** Gives only referrers of this type; all by default. */
  readonly artifactType?: string | undefined
}

/** The manifests that refer to the one with this digest, such as signatures. */
export function remoteReferrers(
  runtime: RegistryAccess & TransferSettings,
  repository: Repository,
  subject: Digest,
  { artifactType, ...options }: RemoteReferrersOptions = {},
): AsyncIterable<Descriptor> {
  const { signal } = options
  const remote = openRemote(runtime, repository)
  const what = `the referrers of "${familiarReference(withDigest(repository, subject))}"`
  return listAgain(
    runtime,
    what,
    () => remote.referrers(subject, { artifactType, signal }),
    ({ digest }) => digest,
    options,
  )
}

/** Options of {@link searchRemote}. */
export interface SearchRemoteOptions extends AskOptions {
  /** The most results: 1 to 100, 25 by default. */
  readonly limit?: number
}

/**
 * Searches a registry, where it offers that.
 *
 * @throws RangeError when the limit is not an integer from 1 to 100
 */
export async function searchRemote(
  runtime: RegistryAccess & TransferSettings,
  domain: string,
  term: string,
  { limit, ...options }: SearchRemoteOptions = {},
): Promise<FoundRepository[]> {
  const search = (): Promise<FoundRepository[]> =>
    runtime.registry.search(domain, term, { ...(limit !== undefined && { limit }), signal: options.signal })
  return await askAgain(runtime, `the search of "${domain}"`, search, options)
}

function itself(name: string): string {
  return name
}
