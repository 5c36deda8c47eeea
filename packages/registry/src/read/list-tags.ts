import type { AbortOptions } from '@drayage/bytes'
import { isRepositoryPath, isTag } from '@drayage/reference'

import { readJson } from '../http/body.ts'
import type { EndpointAnswer } from '../endpoints/answer.ts'
import type { Endpoint } from '../endpoints/endpoint.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { MAX_TAGS, TAGS_PAGE_MAX_BYTES } from '../limits.ts'
import { listPages } from './list-pages.ts'

/**
 * The tags of a repository, in the registry's order; entries repeated from the page before, and those that are not tags,
 * are left out. Pages are fetched while the consumer reads; the registry chooses their size, since some refuse large ones.
 *
 * @throws RegistryListingError `ERR_REGISTRY_LISTING` for pages in a circle, over 1 000 pages or over 1 000 000 tags
 */
export function listTags(
  { endpoint, path }: RemoteRepository,
  options: AbortOptions = {},
): AsyncGenerator<string, void, void> {
  return listNames(endpoint, `${path}/tags/list`, 'tags', isTag, options)
}

/**
 * The paths of a registry's repositories, in its order; entries that are not paths are left out. Many registries do not
 * serve this list, or only to some users.
 *
 * @throws RegistryListingError `ERR_REGISTRY_LISTING`
 */
export function listCatalog(endpoint: Endpoint, options: AbortOptions = {}): AsyncGenerator<string, void, void> {
  return listNames(endpoint, '/v2/_catalog', 'repositories', isRepositoryPath, options)
}

function listNames(
  endpoint: Endpoint,
  path: string,
  field: 'tags' | 'repositories',
  isName: (name: string) => boolean,
  options: AbortOptions,
): AsyncGenerator<string, void, void> {
  const readPage = async (answer: EndpointAnswer): Promise<readonly string[]> =>
    (await readNames(answer, field)).filter(isName)
  return listPages(endpoint, { path, readPage, keyOf: (name) => name, maxItems: MAX_TAGS }, options)
}

/** The names of one page; `null`, as Nexus answers, stands for none. */
async function readNames({ response, body }: EndpointAnswer, field: 'tags' | 'repositories'): Promise<string[]> {
  const wanted = `a list of ${field}`
  const page = await readJson(response, wanted, { ...body, maxBytes: TAGS_PAGE_MAX_BYTES })
  const names: unknown =
    typeof page === 'object' && page !== null && field in page ? (Reflect.get(page, field) ?? []) : undefined
  if (!Array.isArray(names)) throw new RegistryProtocolError(body.facts, `the answer is other JSON, expected ${wanted}`)
  return names.filter((name) => typeof name === 'string')
}
