import { decodeText, type AbortOptions } from '@drayage/bytes'

import { readBody } from './body.ts'
import { expectStatus, type Answer } from './endpoint.ts'
import { RegistryProtocolError } from './errors.ts'
import { SEARCH_MAX_BYTES } from './limits.ts'
import { openEndpoint, type OpenEndpointOptions } from './open-endpoint.ts'
import { ALL_USES, type RegistryEndpoint } from './registry-endpoint.ts'

/** Most results of one search. */
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
  /** Most results: 1 to 100, 25 by default. */
  readonly limit?: number
}

/** Where Docker Hub is searched: another host than that of its images. */
const HUB_INDEX: RegistryEndpoint = {
  url: 'https://index.docker.io',
  uses: ALL_USES,
  isMirror: false,
  credentialsHost: 'docker.io',
}

/**
 * Searches a registry by the old interface, which Docker Hub and few others serve.
 *
 * @throws RangeError for a limit that is none
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

async function readResults({ response, body }: Answer, limit: number): Promise<FoundRepository[]> {
  const bytes = await readBody(response, { ...body, maxBytes: SEARCH_MAX_BYTES })
  let page: unknown
  try {
    page = JSON.parse(decodeText(bytes))
  } catch (error) {
    throw new RegistryProtocolError(body.facts, 'a body that is not JSON', 'results of a search', { cause: error })
  }
  const results: unknown = typeof page === 'object' && page !== null ? Reflect.get(page, 'results') : undefined
  if (!Array.isArray(results)) throw new RegistryProtocolError(body.facts, 'other JSON', 'results of a search')
  return results.slice(0, limit).flatMap((result: unknown) => readResult(result) ?? [])
}

/** A result; nothing for one without a name. */
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
