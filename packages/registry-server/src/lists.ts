import type { HttpResponse } from '@drayage/content'

import { RequestRefusedError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { nextLink, parsePage } from './paging.ts'
import { jsonResponse } from './respond.ts'

/** Lists the repositories of the registry. */
export async function listCatalog(exchange: Exchange): Promise<HttpResponse> {
  const page = await readPage(exchange, '/v2/_catalog', (wanted) => exchange.storage.names.repositories(wanted))
  return jsonResponse(200, { repositories: page.names }, page.headers)
}

/** Lists the tags of a repository. @see OCI distribution-spec v1.1.1, "Listing Tags" (end-8a, end-8b) */
export async function listTags(exchange: Exchange, repository: string): Promise<HttpResponse> {
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

async function readPage(exchange: Exchange, path: string, read: ReadNames): Promise<NamesWithLink> {
  const { limit, after } = parsePage(exchange.query, exchange.limits.maxPageEntries)
  // One more than wanted tells whether there is another page.
  const found = await read({ limit: limit + 1, after, signal: exchange.request.signal })
  const names = found.slice(0, limit)
  const last = names.at(-1)
  if (found.length <= limit || last === undefined) return { names, headers: {} }
  return { names, headers: { link: nextLink(path, { n: String(limit), last }) } }
}
