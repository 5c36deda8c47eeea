import type { HttpResponse } from '@drayage/content'
import { MAX_SEARCH_RESULTS } from '@drayage/registry'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { filtersOf, textOf } from '../query.ts'
import { registryAuthOf } from '../registry-auth.ts'
import { jsonResponse } from '../respond.ts'
import { runtimeFor } from '../runtime-for.ts'

/** How many results there are when a client does not say. */
const DEFAULT_LIMIT = 25

/** `GET /images/search?term=[HOST/]TERM[&limit=N][&filters=...]`: asks the registry, where it offers that. */
export async function searchAction(exchange: Exchange): Promise<HttpResponse> {
  const { query, request } = exchange
  const term = textOf(query, 'term')
  if (term === undefined) throw new EngineRequestError(400, 'term: found none, expected what to search for')
  const limit = limitOf(query)
  const isWanted = searchFilter(filtersOf(exchange))
  const { domain, rest } = splitTerm(term)
  const { registry } = runtimeFor(exchange, registryAuthOf(exchange))
  const found = await registry.search(domain, rest, { limit, signal: request.signal })
  const results = found.map(({ name, description, stars, isOfficial, isAutomated }) => ({
    star_count: stars,
    is_official: isOfficial,
    name,
    is_automated: isAutomated,
    description,
  }))
  return jsonResponse(results.filter(isWanted))
}

function limitOf(query: URLSearchParams): number {
  const text = textOf(query, 'limit')
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text)
  if (limit === 0) return DEFAULT_LIMIT
  if (Number.isInteger(limit) && limit > 0 && limit <= MAX_SEARCH_RESULTS) return limit
  throw new EngineRequestError(400, `limit ${text} is outside the range of [1, ${MAX_SEARCH_RESULTS}]`)
}

/** The registry before the first slash, where it looks like a host; Docker Hub otherwise. */
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
