import { jsonResponse, type HttpResponse } from '@drayage/content'
import { MAX_SEARCH_RESULTS } from '@drayage/registry'
import { searchRemote } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isFrom } from '../http/api-version.ts'
import { queryFilters, queryText } from '../http/query.ts'
import { registryAuthOf, runtimeFor } from '../http/registry-auth.ts'

/** How many results a client gets that sets no limit. */
const DEFAULT_LIMIT = 25

/**
 * `GET /images/search?term=[HOST/]TERM[&limit=N][&filters=...]`: searches a registry, if it supports that. Since 1.45 no
 * result is automated, as Docker Hub no longer knows it.
 */
export async function searchAction(exchange: Exchange): Promise<HttpResponse> {
  const { query, version, request } = exchange
  const term = queryText(query, 'term')
  if (term === undefined) throw new EngineRequestError(400, 'term is required')
  const limit = limitOf(query)
  const isWanted = searchFilter(queryFilters(exchange))
  const { domain, rest } = splitTerm(term)
  const runtime = runtimeFor(exchange, registryAuthOf(exchange))
  const found = await searchRemote(runtime, domain, rest, { limit, signal: request.signal })
  const results = found.map(({ name, description, stars, isOfficial, isAutomated }) => ({
    star_count: stars,
    is_official: isOfficial,
    name,
    is_automated: isAutomated && !isFrom(version, 45),
    description,
  }))
  return jsonResponse(200, results.filter(isWanted))
}

function limitOf(query: URLSearchParams): number {
  const text = queryText(query, 'limit')
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text)
  if (limit === 0) return DEFAULT_LIMIT
  if (Number.isInteger(limit) && limit > 0 && limit <= MAX_SEARCH_RESULTS) return limit
  throw new EngineRequestError(400, `limit ${text} is outside the range of [1, ${MAX_SEARCH_RESULTS}]`)
}

/** The registry before the first slash if it looks like a host, otherwise Docker Hub. */
function splitTerm(term: string): { readonly domain: string; readonly rest: string } {
  const slash = term.indexOf('/')
  const first = slash < 0 ? '' : term.slice(0, slash)
  if (!/[.:]/.test(first) && first !== 'localhost') return { domain: 'docker.io', rest: term.replace(/^library\//, '') }
  if (!/^[A-Za-z0-9.-]+(?::[0-9]+)?$/.test(first)) throw new EngineRequestError(400, 'invalid reference format')
  const domain = first === 'index.docker.io' ? 'docker.io' : first
  return { domain, rest: term.slice(slash + 1) }
}

interface Result {
  readonly star_count: number
  readonly is_official: boolean
  readonly is_automated: boolean
}

function searchFilter(filters: ReadonlyMap<string, readonly string[]>): (result: Result) => boolean {
  const checks = [...filters].map(([key, values]): ((result: Result) => boolean) => {
    switch (key) {
      case 'is-official': {
        const wanted = switchOf(key, values)
        return (result) => result.is_official === wanted
      }
      case 'is-automated': {
        const wanted = switchOf(key, values)
        return (result) => result.is_automated === wanted
      }
      case 'stars': {
        const least = Math.max(...values.map(Number))
        if (!Number.isInteger(least)) throw invalidFilter(key, values)
        return (result) => result.star_count >= least
      }
      default:
        throw new EngineRequestError(400, `invalid filter '${key}'`)
    }
  })
  return (result) => checks.every((check) => check(result))
}

function switchOf(key: string, values: readonly string[]): boolean {
  if (values.every((value) => value === 'true' || value === '1')) return true
  if (values.every((value) => value === 'false' || value === '0')) return false
  throw invalidFilter(key, values)
}

function invalidFilter(key: string, values: readonly string[]): EngineRequestError {
  return new EngineRequestError(400, `invalid filter '${key}=[${values.join(' ')}]'`)
}
