import { type HttpResponse, jsonResponse } from '@drayage/content'

import { RequestRefusedError } from '../handler/refusal.ts'
import type { RegistryExchange } from '../handler/exchange.ts'

/** Lists the repositories of the registry. */
export async function listCatalog(exchange: RegistryExchange): Promise<HttpResponse> {
  const page = await readPage(exchange, '/v2/_catalog', (wanted) => exchange.storage.names.repositories(wanted))
  return jsonResponse(200, { repositories: page.names }, page.headers)
}

/** Lists the tags of a repository. @see OCI distribution-spec v1.1.1, "Listing Tags" (end-8a, end-8b) */
export async function listTags(exchange: RegistryExchange, repository: string): Promise<HttpResponse> {
  const path = `/v2/${repository}/tags/list`
  const page = await readPage(exchange, path, async (wanted) => {
    const names = await exchange.storage.names.tags(repository, wanted)
    if (names !== undefined) return names
    const message = 'repository name not known to registry'
    throw new RequestRefusedError({ status: 404, specCode: 'NAME_UNKNOWN', message, detail: { name: repository } })
  })
  return jsonResponse(200, { name: repository, tags: page.names }, page.headers)
}

interface NamesWithLink {
  readonly names: readonly string[]
  readonly headers: Readonly<Record<string, string>>
}

type ReadNames = (page: {
  readonly limit: number
  readonly after?: string | undefined
  readonly signal?: AbortSignal | undefined
}) => Promise<readonly string[]>

async function readPage(exchange: RegistryExchange, path: string, read: ReadNames): Promise<NamesWithLink> {
  const { limit, after } = parsePage(exchange.query, exchange.limits.maxPageEntries)
  // One more than asked for tells whether there is another page.
  const found = await read({ limit: limit + 1, after, signal: exchange.request.signal })
  const names = found.slice(0, limit)
  const last = names.at(-1)
  if (found.length <= limit || last === undefined) return { names, headers: {} }
  return { names, headers: { link: nextLink(path, { n: String(limit), last }) } }
}

/** A page of a list. */
interface Page {
  readonly limit: number
  readonly after?: string
}

/** The longest `last` that a client may send: longer than any name. */
const LONGEST_NAME = 512

/**
 * Reads `n` and `last`; `n` is `maxLimit` by default and at most.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400
 * @see OCI distribution-spec v1.1.1, "Listing Tags"
 */
function parsePage(query: URLSearchParams, maxLimit: number): Page {
  const n = query.get('n')
  const after = query.get('last')
  const invalid = (message: string): RequestRefusedError =>
    new RequestRefusedError({ status: 400, specCode: 'PAGINATION_NUMBER_INVALID', message })
  if (n !== null && !/^[0-9]{1,20}$/.test(n)) throw invalid('n is not a number of entries')
  if (after !== null && after.length > LONGEST_NAME) throw invalid('last is longer than any name')
  const limit = n === null ? maxLimit : Math.min(Number(n), maxLimit)
  return after === null || after === '' ? { limit } : { limit, after }
}

/** The `Link` header to the next page; relative, so that it names no host. */
export function nextLink(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query).toString()}>; rel="next"`
}
