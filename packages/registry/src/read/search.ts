import type { AbortOptions } from '@drayage/bytes'

import { readJson } from '../http/body.ts'
import { expectStatus, type EndpointAnswer } from '../endpoints/answer.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { SEARCH_MAX_BYTES } from '../limits.ts'
import { openEndpoint, type OpenEndpointOptions } from '../endpoints/endpoint.ts'
import { ALL_USES, type RegistryEndpoint } from '../endpoints/registry-endpoint.ts'

/** The most results of one search. */
export const MAX_SEARCH_RESULTS = 100

/** A repository that a search found. */
export interface FoundRepository {
  /** As the registry calls it. */
  readonly name: string
  readonly description: string
  readonly stars: number
  readonly isOfficial: boolean
  readonly isAutomated: boolean
}

/** Options of a search. */
export interface SearchOptions extends AbortOptions {
  /** The most results: 1 to 100, 25 by default. */
  readonly limit?: number
}

/** Docker Hub is searched at another host than that of its images. */
const HUB_INDEX: RegistryEndpoint = {
  url: 'https://index.docker.io',
  uses: ALL_USES,
  isMirror: false,
  credentialsHost: 'docker.io',
}

/**
 * Searches a registry by the old API, which Docker Hub and few others serve.
 *
 * @throws RangeError when the limit is not an integer from 1 to 100
 * @throws RegistryNotFoundError `ERR_REGISTRY_NOT_FOUND` where the registry cannot be searched
 * @see Docker Registry HTTP API V1, "Search"
 */
export async function searchRegistry(
  itself: RegistryEndpoint,
  domain: string,
  term: string,
  options: OpenEndpointOptions & SearchOptions,
): Promise<FoundRepository[]> {
  const { limit = 25, signal } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_SEARCH_RESULTS) {
    throw new RangeError(`Cannot search for ${limit} repositories: expected 1 to ${MAX_SEARCH_RESULTS}`)
  }
  const endpoint = openEndpoint(domain === 'docker.io' ? HUB_INDEX : itself, domain, options)
  const query = new URLSearchParams({ q: term, n: String(limit) })
  const sent = await endpoint.send({ method: 'GET', path: `/v1/search?${query.toString()}`, signal })
  return await readResults(await expectStatus(sent, 200), limit)
}

async function readResults({ response, body }: EndpointAnswer, limit: number): Promise<FoundRepository[]> {
  const page = await readJson(response, 'search results', { ...body, maxBytes: SEARCH_MAX_BYTES })
  const results: unknown =
    typeof page === 'object' && page !== null && 'results' in page ? (page.results ?? []) : undefined
  if (!Array.isArray(results))
    throw new RegistryProtocolError(body.facts, 'the answer is other JSON, expected search results')
  return results.slice(0, limit).flatMap((result: unknown) => readResult(result) ?? [])
}

/** A result; `undefined` for one without a name. */
function readResult(result: unknown): FoundRepository | undefined {
  if (typeof result !== 'object' || result === null) return undefined
  const member = (name: string): unknown => (Object.hasOwn(result, name) ? Reflect.get(result, name) : undefined)
  const [name, description, stars] = [member('name'), member('description'), member('star_count')]
  if (typeof name !== 'string' || name === '') return undefined
  return {
    name,
    description: typeof description === 'string' ? description : '',
    stars: typeof stars === 'number' && Number.isFinite(stars) ? stars : 0,
    isOfficial: member('is_official') === true,
    isAutomated: member('is_automated') === true,
  }
}
