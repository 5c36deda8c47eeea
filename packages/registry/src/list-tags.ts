import { decodeText, type AbortOptions } from '@drayage/bytes'

import { contentType, discardBody, readBody } from './body.ts'
import type { Answer, Endpoint } from './endpoint.ts'
import { RegistryProtocolError } from './errors.ts'
import { MAX_TAGS, TAGS_PAGE_MAX_BYTES } from './limits.ts'
import { listPages } from './list-pages.ts'

/**
 * The tags of a repository, in the registry's order; what is repeated from the page before, and what is no tag, is left
 * out. Pages are fetched while the consumer reads. Without a page size the registry chooses; some refuse large ones.
 *
 * @param path the repository's, from `/v2/` on
 * @throws RegistryListingError `ERR_REGISTRY_LISTING` for pages in a circle, over 1 000 pages or over 1 000 000 tags
 */
export function listTags(
  endpoint: Endpoint,
  path: string,
  options: AbortOptions = {},
): AsyncGenerator<string, void, void> {
  return listNames(endpoint, `${path}/tags/list`, 'tags', (name) => /^\w[\w.-]{0,127}$/.test(name), options)
}

/**
 * The paths of a registry's repositories, in its order; what is no path is left out. Many registries do not serve this,
 * or only to some users.
 *
 * @throws RegistryListingError `ERR_REGISTRY_LISTING`
 */
export function listCatalog(endpoint: Endpoint, options: AbortOptions = {}): AsyncGenerator<string, void, void> {
  const isPath = (name: string): boolean =>
    name.length <= 255 && name.split('/').every((part) => /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/.test(part))
  return listNames(endpoint, '/v2/_catalog', 'repositories', isPath, options)
}

function listNames(
  endpoint: Endpoint,
  path: string,
  field: 'tags' | 'repositories',
  isName: (name: string) => boolean,
  options: AbortOptions,
): AsyncGenerator<string, void, void> {
  const readPage = async (answer: Answer): Promise<readonly string[]> => (await readNames(answer, field)).filter(isName)
  return listPages(endpoint, { path, readPage, keyOf: (name) => name, maxItems: MAX_TAGS }, options)
}

/** The names of one page; `null`, as Nexus answers for none, is none. */
async function readNames(answer: Answer, field: 'tags' | 'repositories'): Promise<string[]> {
  const wanted = `a list of ${field}`
  const { response, body } = answer
  if (contentType(response.headers) === 'text/html') {
    await discardBody(response)
    throw new RegistryProtocolError(body.facts, 'a web page', wanted)
  }
  const bytes = await readBody(response, { ...body, maxBytes: TAGS_PAGE_MAX_BYTES })
  let page: unknown
  try {
    page = JSON.parse(decodeText(bytes))
  } catch (error) {
    throw new RegistryProtocolError(body.facts, 'a body that is not JSON', wanted, { cause: error })
  }
  const names: unknown =
    typeof page === 'object' && page !== null && field in page ? (Reflect.get(page, field) ?? []) : undefined
  if (!Array.isArray(names)) throw new RegistryProtocolError(body.facts, 'other JSON', wanted)
  return names.filter((name) => typeof name === 'string')
}
